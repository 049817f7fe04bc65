using FsCheck;
using FsCheck.Fluent;
using Fts.Accounts.Passwords;

namespace Fts.Accounts.Tests.Passwords;

public sealed class PasswordHashTests
{
    private const string Salt = "CCCCCCCCCCCCCCCCCCCCC.", Hash31 = "E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW";
    private const string Hash86 = "svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1";

    [Fact]
    public void A_created_hash_verifies_its_password_only()
    {
        PasswordHash hash = PasswordHash.Create("caf\u00e9 \U0001F600", 1000);
        Assert.Equal(PasswordHashKind.Own, hash.Kind);
        Assert.Matches(@"\A\$pbkdf2-sha512\$i=1000\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{86}\z", hash.Text);
        Assert.True(hash.Verify("caf\u00e9 \U0001F600"));
        Assert.False(hash.Verify("cafe\u0301 \U0001F600"));
        Assert.False(hash.Verify(""));
        Assert.NotEqual(hash.Text, PasswordHash.Create("caf\u00e9 \U0001F600", 1000).Text);
    }

    // Computed with hashlib.pbkdf2_hmac of Python: password "password", salt of the bytes 0 to 15, 1000 iterations, 64 bytes.
    [Fact]
    public void The_own_format_is_pbkdf2_with_sha_512() => Assert.True(PasswordHashVectorTests.Verify(
        "$pbkdf2-sha512$i=1000$AAECAwQFBgcICQoLDA0ODw$" +
        "x05AgND7tB/uWGjA/2D9dayuJjghWYfl/1T46uIRM5ta0a9uOHvBLdOnC7blqQEIFBxfCONToumEQ5pDM8Qtbg", "password"));

    [Fact]
    public void Bytes_that_are_not_utf_8_are_different_passwords()
    {
        PasswordHash hash = PasswordHash.Create("\uDCE9", 1000);
        Assert.True(hash.Verify("\uDCE9"));
        Assert.False(hash.Verify("\uDCE8"));
        Assert.False(hash.Verify("\uFFFD"));
        Assert.False(hash.Verify("\uD800"));
    }

    [Fact]
    public void A_password_is_limited_to_512_bytes()
    {
        string longest = new('\u00e9', 256);
        PasswordHash hash = PasswordHash.Create(longest, 1000);
        Assert.True(hash.Verify(longest));
        Assert.False(hash.Verify(longest + "x"));
        Assert.Throws<ArgumentException>(() => PasswordHash.Create(longest + "x", 1000));
        Assert.Throws<ArgumentException>(() => PasswordHash.Create("", 1000));
        Assert.Throws<ArgumentException>(() => PasswordHash.Create("\uD800", 1000));
        Assert.Throws<ArgumentOutOfRangeException>(() => PasswordHash.Create("x", 999));
    }

    [Fact]
    public void Only_a_cheaper_or_foreign_hash_needs_an_upgrade()
    {
        PasswordHash hash = PasswordHash.Create("secret", 2000);
        Assert.False(hash.NeedsUpgrade(1000));
        Assert.False(hash.NeedsUpgrade(2000));
        Assert.True(hash.NeedsUpgrade(2001));
        Assert.True(PasswordHash.TryParse("$2b$12$" + Salt + Hash31, out PasswordHash? foreign, out _));
        Assert.True(foreign.NeedsUpgrade(1000));
    }

    [Fact]
    public void The_description_does_not_contain_the_hash()
    {
        PasswordHash hash = PasswordHash.Create("secret", 1000);
        Assert.Equal("Own password hash", hash.ToString());
    }

    // A hash with a NUL in the password cannot come from crypt(3), which reads a password to its first NUL.
    [Theory]
    [InlineData("$1$saltstri$YMyguxXMBpd2TEZ.vS/3q1")]
    [InlineData("$6$saltstring$" + Hash86)]
    public void A_password_with_a_nul_does_not_match_a_hash_of_crypt(string hash)
    {
        Assert.True(PasswordHashVectorTests.Verify(hash, "Hello world!"));
        Assert.False(PasswordHashVectorTests.Verify(hash, "Hello world!\0x"));
    }

    [Theory]
    [InlineData("", "the hash is empty")]
    [InlineData("plain", "the kind of the hash is not known")]
    [InlineData("$ecret$word", "the kind of the hash is not known")]
    [InlineData("a plain text with $ecret$ in it", "the kind of the hash is not known")]
    [InlineData("rqXexS6ZhobKA", "kind DES crypt is not supported")]
    [InlineData("_J9..CCCCXBrJUJV154M", "kind BSDi crypt is not supported")]
    [InlineData("{SHA}VBPuJHI7uixaa6LQGWx4s+5GKNE=", "kind {SHA} is not supported")]
    [InlineData("{SSHA}VBPuJHI7uixaa6LQGWx4s+5GKNE=", "kind {SSHA} is not supported")]
    [InlineData("$y$j9T$F5Jx5fExrKuPp53xLKQ..1$X3DX6M94c7o.9agCG9G317fhZg9SqC.5i5rd.RhAtQ7", "kind $y$ is not supported")]
    [InlineData("$2x$05$" + Salt + Hash31, "kind $2x$ is not supported")]
    [InlineData("$argon2i$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4", "kind $argon2i$ is not supported")]
    [InlineData("argon2$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR", "kind argon2$ is not supported")]
    public void An_unsupported_kind_is_named(string hash, string expected) => AssertRejected(hash, expected);

    [Theory]
    [InlineData("$2b$05$" + Salt + "E5YPO9kmyuRGyh0XouQYb4YMJKvyOe")]
    [InlineData("$2b$05$" + Salt + "E5YPO9kmyuRGyh0XouQYb4YMJKvyOe!")]
    [InlineData("$2b$03$" + Salt + Hash31)]
    [InlineData("$2b$+5$" + Salt + Hash31)]
    [InlineData("$6$saltstring$svn8UoSVapNtMuq1")]
    [InlineData("$6$rounds=$saltstring$" + Hash86)]
    [InlineData("$6$rounds=-1$saltstring$" + Hash86)]
    [InlineData("$6$saltstringsaltstring$" + Hash86)]
    [InlineData("$1$saltstri$HqJZimcKQFAMYayBlzkrA!")]
    [InlineData("$1$toolongsalt$HqJZimcKQFAMYayBlzkrA/")]
    [InlineData("$pbkdf2-sha512$i=0$AAECAwQFBgcICQoLDA0ODw$AAECAwQFBgcICQoLDA0ODwABAgMEBQYHCAkKCwwNDg8")]
    [InlineData("$pbkdf2-sha512$i=1000$AAECAwQFBgcICQoLDA0ODw==$AAECAwQFBgcICQoLDA0ODwABAgMEBQYHCAkKCwwNDg8")]
    [InlineData("$pbkdf2-sha512$i=1000$AAECAwQFBgcICQoLDA0ODw$AAECAwQ")]
    [InlineData("$pbkdf2-sha512$i=1000$AAECAw$AAECAwQFBgcICQoLDA0ODwABAgMEBQYHCAkKCwwNDg8")]
    [InlineData("pbkdf2_sha256$1000$salt$")]
    [InlineData("$argon2id$v=19$m=7,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4")]
    [InlineData("$argon2id$v=19$m=256,t=0,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4")]
    [InlineData("$argon2id$v=19$m=256,t=2,p=1$c29t$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4")]
    [InlineData("$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQ")]
    public void A_malformed_hash_is_rejected(string hash)
    {
        Assert.False(PasswordHash.TryParse(hash, out _, out string? problem));
        Assert.EndsWith("hash is malformed", problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("$2b$15$" + Salt + Hash31, "cost 15 exceeds the maximum of 14")]
    [InlineData("$6$rounds=1000001$saltstring$" + Hash86, "1000001 rounds exceed the maximum of 1000000")]
    [InlineData("$6$rounds=999999999$saltstring$" + Hash86, "999999999 rounds exceed the maximum of 1000000")]
    [InlineData("pbkdf2_sha256$3000001$seasalt$R5J62hsSq+pYw00hLLPKBbcGXmq7fj5+/M0IFoYtZbo=", "3000001 iterations exceed the maximum of 3000000")]
    [InlineData("$argon2id$v=19$m=262145,t=1,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
        "the cost m=262145,t=1,p=1 exceeds the maximum (m=262144, m*t=786432, p=64)")]
    [InlineData("$argon2id$v=19$m=262144,t=4,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
        "the cost m=262144,t=4,p=1 exceeds the maximum (m=262144, m*t=786432, p=64)")]
    [InlineData("$argon2id$v=16$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
        "this version of argon2id is not supported, only version 19")]
    public void A_hash_with_an_excessive_cost_is_rejected(string hash, string expected) => AssertRejected(hash, expected);

    [Fact]
    public void Any_password_matches_its_hash_and_the_parsed_text_of_its_hash() =>
        Prop.ForAll(ArbMap.Default.ArbFor<NonEmptyString>(), ArbMap.Default.ArbFor<NonEmptyString>(), (password, other) =>
        {
            string secret = new([.. password.Get.Where(character => !char.IsSurrogate(character)).Take(100), 'x']);
            PasswordHash hash = PasswordHash.Create(secret, 1000);
            Assert.True(PasswordHashVectorTests.Verify(hash.Text, secret));
            Assert.Equal(secret == other.Get, hash.Verify(other.Get));
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void Any_changed_character_of_a_hash_text_rejects_the_password()
    {
        string text = PasswordHash.Create("secret", 1000).Text;
        for (int i = 0; i < text.Length; i++)
        {
            string changed = text[..i] + (text[i] == '1' ? '2' : '1') + text[(i + 1)..];
            Assert.False(PasswordHash.TryParse(changed, out PasswordHash? hash, out _) && hash.Verify("secret"), changed);
        }
    }

    private static void AssertRejected(string hash, string expected)
    {
        Assert.False(PasswordHash.TryParse(hash, out PasswordHash? parsed, out string? problem));
        Assert.Null(parsed);
        Assert.Equal(expected, problem);
    }
}
