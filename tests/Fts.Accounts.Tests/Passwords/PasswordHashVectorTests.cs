using System.Text;
using Fts.Accounts.Passwords;
using Fts.Accounts.Passwords.Functions;

namespace Fts.Accounts.Tests.Passwords;

/// <summary>Published hashes of each kind. The comments name their sources.</summary>
public sealed class PasswordHashVectorTests
{
    private const string Digits72 = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

    private const string MuchLonger = "a very much longer text to encrypt.  This one even stretches over morethan one line.";

    // The SHA-crypt specification of Ulrich Drepper, SHA-crypt.txt, with the salts truncated to 16 characters.
    [Theory]
    [InlineData("Hello world!", "$5$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5")]
    [InlineData("Hello world!", "$5$rounds=10000$saltstringsaltst$3xv.VbSHBb41AL9AvLeujZkZRBAwqFMz2.opqey6IcA")]
    [InlineData("Hello world!", "$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1")]
    [InlineData("Hello world!",
        "$6$rounds=10000$saltstringsaltst$OW1/O6BYHV6BcXZu8QVeXbDWra3Oeqh0sbHbbMCVNSnCM/UrjmM0Dp8vOuZeHBy/YTBmSK6H9qs/y3RnOaw5v.")]
    [InlineData("This is just a test",
        "$6$rounds=5000$toolongsaltstrin$lQ8jolhgVRVhY4b5pZKaysCLi0QBxGoNeKQzQ3glMhwllF7oGDZxUhx1yxdYcz/e1JSbq3y6JMxxl8audkUEm0")]
    [InlineData(MuchLonger,
        "$6$rounds=1400$anotherlongsalts$POfYwTEok97VWcjxIiSOjiykti.o/pQs.wPvMxQ6Fm7I6IoYN3CmLs66x9t0oSwbtEW7o7UmJEiDwGqd8p4ur1")]
    [InlineData("we have a short salt string but not a short password",
        "$6$rounds=77777$short$WuQyW2YR.hBNpjjRhpYD/ifIw05xdfeEyQoMxIXbkvr0gge1a1x3yRULJ5CCaUeOxFmtlcGZelFl5CxtgfiAc0")]
    [InlineData("a short string",
        "$6$rounds=123456$asaltof16chars..$BtCwjqMJGx5hrJhZywWvt0RLE8uZ4oPwcelCjmw2kSYu.Ec6ycULevoBK25fs2xXgMNrCzIMVcgEJAstJeonj1")]
    [InlineData("the minimum number is still observed",
        "$6$rounds=10$roundstoolow$kUMsbe306n21p9R.FRkW3IGn.S9NPN0x50YhH1xhLsPuWGsUSklZt58jaTfF4ZEQpyUNGc0dqbpBYYBaHHrsX.")]
    public void Sha_crypt_matches_its_specification(string password, string hash) => AssertMatches(password, hash);

    // crypt_blowfish of Openwall, wrapper.c. <A3> is a byte that is not UTF-8, because an attribute cannot contain a lone surrogate.
    [Theory]
    [InlineData("U*U", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW")]
    [InlineData("U*U*", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.VGOzA784oUp/Z0DY336zx7pLYAy0lwK")]
    [InlineData("U*U*U", "$2b$05$XXXXXXXXXXXXXXXXXXXXXOAcXxm9kjPGEMsLznoKqmqw7tc8WCx4a")]
    [InlineData("", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.7uG0VCzI2bS7j6ymqJi9CdcdxiRTWNy")]
    [InlineData(">RQ7la", "$2a$08$CCCCCCCCCCCCCCCCCCCCC.LuntE/dBezheibpSOXBeR3W7q5mt2NW")]
    [InlineData("<A3>", "$2y$05$/OK.fbVrR/bpIqNJ5ianF.Sa7shbm4.OzKpvFnX1pQLmQW96oUlCq")]
    [InlineData("<A3>", "$2b$05$/OK.fbVrR/bpIqNJ5ianF.Sa7shbm4.OzKpvFnX1pQLmQW96oUlCq")]
    [InlineData("<FF><A3>345", "$2y$05$/OK.fbVrR/bpIqNJ5ianF.nRht2l/HRhr6zmCp9vYUvvsqynflf9e")]
    [InlineData("<FF><FF><A3>", "$2b$05$/OK.fbVrR/bpIqNJ5ianF.CE5elHaaO4EbggVDjb8P19RukzXSM3e")]
    [InlineData(Digits72 + "chars after 72 are ignored", "$2a$05$abcdefghijklmnopqrstuu5s2v8.iXieOjg/.AySBTTZIIVFJeBui", Digits72)]
    public void Bcrypt_matches_crypt_blowfish(string password, string hash, string? other = null)
    {
        AssertMatches(password.Replace("<A3>", "\uDCA3", StringComparison.Ordinal).Replace("<FF>", "\uDCFF", StringComparison.Ordinal), hash);
        Assert.True(other is null || Verify(hash, other));
    }

    // The Apache HTTP server's documentation "Password Formats", and the tests of passlib.
    [Theory]
    [InlineData("myPassword", "$apr1$r31.....$HqJZimcKQFAMYayBlzkrA/")]
    [InlineData("t\u00e1\u0411\u2113\u0259", "$apr1$bzYrOHUx$a1FcpXuQDJV3vPY20CS6N1")]
    [InlineData("myPassword", "$2y$05$c4WoMPo3SXsafkva.HHa6uXQZWr7oboPiC2bT/r7q1BB8I2s0BRqC")]
    public void Hashes_of_htpasswd_match_its_documentation(string password, string hash) => AssertMatches(password, hash);

    // Created with crypt(3) of libxcrypt 4.4.
    [Theory]
    [InlineData("Hello world!", "$1$saltstri$YMyguxXMBpd2TEZ.vS/3q1")]
    [InlineData("", "$1$ab$rn6aQS/o7141mj179E/zA.")]
    [InlineData(MuchLonger, "$1$saltstri$PQDSyPqgfSgkBgKc4zaNh/")]
    public void Md5_crypt_matches_libxcrypt(string password, string hash) => AssertMatches(password, hash);

    // The tests of passlib (test_handlers.py), the tests of SFTPGo (httpd_test.go), and three hashes computed with hashlib of Python.
    [Theory]
    [InlineData("password", "$pbkdf2$1212$OB.dtnSEXZK8U5cgxU/GYQ$y5LKPOplRmok7CZp/aqVDVg8zGI")]
    [InlineData("password", "$pbkdf2-sha256$1212$4vjV83LKPjQzk31VI4E0Vw$hsYF68OiOUPdDZ1Fg.fJPeq1h/gXXY7acBp9/6c.tmQ")]
    [InlineData("\u0399\u03c9\u03b1\u03bd\u03bd\u03b7\u03c2",
        "$pbkdf2-sha256$1212$3SABFJGDtyhrQMVt1uABPw$WyaUoqCLgvz97s523nF4iuOqZNbp5Nt8do/cuaa7AiI")]
    [InlineData("password", "$pbkdf2-sha512$1212$RHY0Fr3IDMSVO/RSZyb5ow$" +
        "eNLfBK.eVozomMr.1gYa17k9B7KIK25NOEshvhrSX.esqY3s.FvWZViXz4KoLlQI.BzY/YTNJOiKc5gBYFYGww")]
    [InlineData("password", "$pbkdf2-sha1$150000$DveVjgYUD05R$X6ydQZdyMeOvpgND2nqGR/0GGic=")]
    [InlineData("password", "$pbkdf2-sha256$150000$E86a9YMX3zC7$R5J62hsSq+pYw00hLLPKBbcGXmq7fj5+/M0IFoYtZbo=")]
    [InlineData("password",
        "$pbkdf2-sha512$150000$dsu7T5R3IaVQ$1hFXPO1ntRBcoWkSLKw+s4sAP09Xtu4Ya7CyxFq64jM9zdUg8eRJVr3NcR2vQgb0W9HHvZaILHsL4Q/Vr6arCg==")]
    [InlineData("password", "$pbkdf2-b64salt-sha256$1000$c2FsdHNhbHQ=$E196ZhRPzw+wA84EjzHwJO1cv/MFJdO6C/sxmUeTYqY=")]
    [InlineData("lètmein", "pbkdf2_sha256$1000$seasalt$JgZryXe2Ga8ysg6XbzkLpTdyPQrHqsinbL9BnnhgX4A=")]
    [InlineData("lètmein", "pbkdf2_sha1$1000$seasalt$ljleU4wBmTtz/MoG5YTwxpM0d7I=")]
    public void Pbkdf2_matches_passlib_and_sftpgo_and_django(string password, string hash) => AssertMatches(password, hash);

    // The test program of the reference implementation of Argon2 (test.c).
    [Theory]
    [InlineData("password", "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4")]
    [InlineData("password", "$argon2id$v=19$m=256,t=2,p=2$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc")]
    [InlineData("password", "$argon2id$v=19$m=1024,t=1,p=1$c29tZXNhbHQ$yOmu3JVvan3/Ck1ClA32KGI/Mo6hI1AFq6yTPFcJPiM")]
    [InlineData("password", "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc")]
    [InlineData("differentpassword", "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$C4TWUs9rDEvq7w3+J4umqA32aWKB1+DSiRuBfYxFj94")]
    public void Argon2id_matches_the_reference_implementation(string password, string hash) => AssertMatches(password, hash);

    // RFC 9106 §5.3.
    [Fact]
    public void Argon2id_with_secret_and_associated_data_matches_the_rfc()
    {
        byte[] tag = new byte[32];
        Argon2id.ComputeHash(new Argon2idParameters(32, 3, 4), Repeat(1, 32), Repeat(2, 16), Repeat(3, 8), Repeat(4, 12), tag);
        Assert.Equal("0d640df58d78766c08c037a34a8b53c9d01ef0452d75b65eb52520e96b01e659", Convert.ToHexStringLower(tag));
    }

    // RFC 7693 appendix A, and the test vectors of BLAKE2 for the empty message.
    [Theory]
    [InlineData("abc", "ba80a53f981c4d0d6a2797b69f12f6e94c212f14685ac4b74b12bb6fdbffa2d1" +
        "7d87c5392aab792dc252d5de4533cc9518d38aa8dbf1925ab92386edd4009923")]
    [InlineData("", "786a02f742015903c6c6fd852552d272912f4740e15847618a86e217f71f5419" +
        "d25e1031afee585313896444934eb04b903a685b1448b755d56f701afe9be2ce")]
    public void Blake2b_matches_the_rfc(string message, string digest)
    {
        byte[] bytes = new byte[Blake2b.MaxDigestLength];
        var blake = new Blake2b(bytes.Length);
        blake.Append(Encoding.ASCII.GetBytes(message));
        blake.Finish(bytes);
        Assert.Equal(digest, Convert.ToHexStringLower(bytes));
    }

    // The first and last words of the tables in Bruce Schneier's description of Blowfish.
    [Fact]
    public void The_initial_state_of_blowfish_is_pi()
    {
        ReadOnlySpan<uint> words = PiDigits.Words;
        Assert.Equal(1042, words.Length);
        Assert.Equal([0x243F6A88, 0x85A308D3, 0x13198A2E], words[..3].ToArray());
        Assert.Equal([0xD1310BA6, 0x98DFB5AC], words[18..20].ToArray());
        Assert.Equal([0x578FDFE3, 0x3AC372E6], words[^2..].ToArray());
    }

    internal static bool Verify(string hash, string password)
    {
        Assert.True(PasswordHash.TryParse(hash, out PasswordHash? parsed, out string? problem), problem);
        return parsed.Verify(password);
    }

    private static byte[] Repeat(byte value, int count) => [.. Enumerable.Repeat(value, count)];

    private static void AssertMatches(string password, string hash)
    {
        Assert.True(PasswordHash.TryParse(hash, out PasswordHash? parsed, out string? problem), problem);
        Assert.Equal(hash, parsed.Text);
        Assert.True(parsed.NeedsUpgrade());
        Assert.True(parsed.Verify(password));
        Assert.False(parsed.Verify("x" + password));
    }
}
