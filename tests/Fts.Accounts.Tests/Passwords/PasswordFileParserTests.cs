using System.Globalization;
using System.Net;
using FsCheck;
using FsCheck.Fluent;
using Fts.Accounts.Passwords;
using Fts.Accounts.Passwords.Import;

namespace Fts.Accounts.Tests.Passwords;

public sealed class PasswordFileParserTests
{
    private const string Apr1 = "$apr1$r31.....$HqJZimcKQFAMYayBlzkrA/";
    private const string Bcrypt = "$2y$05$c4WoMPo3SXsafkva.HHa6uXQZWr7oboPiC2bT/r7q1BB8I2s0BRqC";
    private const string Md5 = "$1$saltstri$YMyguxXMBpd2TEZ.vS/3q1";

    [Fact]
    public void A_file_of_htpasswd_is_read()
    {
        PasswordFile file = PasswordFileParser.Parse(
            $"\uFEFF# users\r\nann:{Apr1}\r\n\r\nbob:{Bcrypt}:a comment\ncid:{{SHA}}VBPuJHI7uixaa6LQGWx4s+5GKNE=\n" +
            $"dan:rqXexS6ZhobKA\neve:\nann:{Bcrypt}\n:{Apr1}\n\u0001x:{Apr1}\nplain:secret\n");
        Assert.Equal(PasswordFileFormat.Htpasswd, file.Format);
        Assert.Equal([("ann", 2, PasswordHashKind.Apr1), ("bob", 4, PasswordHashKind.Bcrypt)],
            file.Accounts.Select(account => (account.Name, account.LineNumber, account.Hash.Kind)));
        Assert.All(file.Accounts, account => Assert.True(account.Hash.Verify("myPassword")));
        Assert.Equal(
        [
            "line 5: kind {SHA} is not supported", "line 6: kind DES crypt is not supported", "line 7: the account has no password",
            "line 8: line 2 contains the same account", "line 9: the account name is empty",
            "line 10: the account name contains a control character", "line 11: the kind of the hash is not known",
        ], file.SkippedLines.Select(line => line.ToString()));
        Assert.Equal(["cid", "dan", "eve", "ann", null, null, "plain"], file.SkippedLines.Select(line => line.Account));
    }

    [Fact]
    public void A_file_like_shadow_is_read_without_locked_accounts()
    {
        PasswordFile file = PasswordFileParser.Parse(
            $"root:*:19000:0:99999:7:::\nann:{Md5}:19000:0:99999:7:::\nbob:!{Md5}:19000:0:99999:7:::\n" +
            $"cid:!!:19000::::::\ndan:{Md5}:19000:0:99999:7::20454:\neve:{Md5}:19000:0:99999:7::soon:\nfay:$y$j9T$F5Jx5fExrKuPp53xLKQ..1$X:1::::::\n");
        Assert.Equal(PasswordFileFormat.Shadow, file.Format);
        Assert.Equal([("ann", null), ("dan", new DateOnly(2026, 1, 1))], file.Accounts.Select(account => (account.Name, account.ExpiresOn)));
        Assert.Equal(
        [
            "line 1: the account is locked", "line 3: the account is locked", "line 4: the account is locked",
            "line 6: the expiration date is not a number of days", "line 7: kind $y$ is not supported",
        ], file.SkippedLines.Select(line => line.ToString()));
    }

    [Fact]
    public void An_auth_user_file_of_proftpd_is_read()
    {
        PasswordFile file = PasswordFileParser.Parse(
            $"ann:{Md5}:1001:1001:Ann:/srv/ftp/ann:/bin/false\nbob:x:1002:1002::/home/bob:/bin/sh\ncid:{Md5}:1003:1003:::\ndan:{Md5}\n");
        Assert.Equal(PasswordFileFormat.Passwd, file.Format);
        Assert.Equal([("ann", "/srv/ftp/ann"), ("cid", null)], file.Accounts.Select(account => (account.Name, account.Home)));
        Assert.Equal(["line 2: the hash is in another file (shadow)", "line 4: the line has 2 fields, which format Passwd does not allow"],
            file.SkippedLines.Select(line => line.ToString()));
    }

    [Fact]
    public void All_limits_of_pure_ftpd_are_read()
    {
        PasswordFile file = PasswordFileParser.Parse(
            $"ann:{Md5}:1001:1001::/srv/ftp/ann/./:10240:20480:1:0:3:1000:1048576:10.0.0.1::" +
            "192.168.1.77/24,10.1.2.3:192.168.1.5:0930-1800\n");
        ImportedAccount account = Assert.Single(file.Accounts);
        Assert.Equal(PasswordFileFormat.PureFtpd, file.Format);
        Assert.Equal("/srv/ftp/ann", account.Home);
        ImportedLimits limits = account.Limits;
        Assert.Equal(10240, limits.UploadBytesPerSecond);
        Assert.Equal(20480, limits.DownloadBytesPerSecond);
        Assert.Equal(3, limits.MaxSessions);
        Assert.Equal(1000, limits.MaxFiles);
        Assert.Equal(1048576, limits.MaxBytes);
        Assert.Equal([IPNetwork.Parse("192.168.1.0/24"), IPNetwork.Parse("10.1.2.3/32")], limits.AllowedNetworks);
        Assert.Equal([IPNetwork.Parse("192.168.1.5/32")], limits.RefusedNetworks);
        Assert.Equal(new LoginHours(new TimeOnly(9, 30), new TimeOnly(18, 0)), limits.LoginHours);
        Assert.Equal(["upload ratio", "authorized local addresses"], account.IgnoredFields);
    }

    [Fact]
    public void Empty_fields_of_pure_ftpd_are_no_limits()
    {
        PasswordFile file = PasswordFileParser.Parse($"ann:{Md5}:1001:1001::/srv/ftp:::::0:0:0:::::\n");
        ImportedAccount account = Assert.Single(file.Accounts);
        Assert.Null(account.Limits.UploadBytesPerSecond);
        Assert.Null(account.Limits.DownloadBytesPerSecond);
        Assert.Null(account.Limits.MaxSessions);
        // A quota of 0 is a limit.
        Assert.Equal(0, account.Limits.MaxFiles);
        Assert.Equal(0, account.Limits.MaxBytes);
        Assert.Empty(account.Limits.AllowedNetworks);
        Assert.Null(account.Limits.LoginHours);
        Assert.Empty(account.IgnoredFields);
    }

    [Theory]
    [InlineData("srv/ftp::::::::::::", "the home directory is not an absolute path")]
    [InlineData("/srv:fast:::::::::::", "the upload bandwidth is not a number")]
    [InlineData("/srv::-1::::::::::", "the download bandwidth is not a number")]
    [InlineData("/srv:::::many:::::::", "the maximum of connections is not a number")]
    [InlineData("/srv::::::1k::::::", "the files quota is not a number")]
    [InlineData("/srv:::::::1G:::::", "the size quota is not a number")]
    [InlineData("/srv::::::::::10.0.0.0/33::", "the authorized client addresses contain an entry that is not an IP address or network")]
    [InlineData("/srv::::::::::10.0.0.0/0::", "the authorized client addresses contain an entry that is not an IP address or network")]
    [InlineData("/srv::::::::::10.1::", "the authorized client addresses contain an entry that is not an IP address or network")]
    [InlineData("/srv:::::::::::host.example:", "the refused client addresses contain an entry that is not an IP address or network")]
    [InlineData("/srv::::::::::::9-5pm", "the time restriction is not a range such as 0900-1800")]
    [InlineData("/srv::::::::::::0975-1800", "the time restriction is not a range such as 0900-1800")]
    public void A_malformed_limit_of_pure_ftpd_skips_the_account(string fields, string expected)
    {
        PasswordFile file = PasswordFileParser.Parse($"ann:{Md5}:1001:1001::{fields}", PasswordFileFormat.PureFtpd);
        Assert.Empty(file.Accounts);
        Assert.Equal($"line 1: {expected}", Assert.Single(file.SkippedLines).ToString());
    }

    [Theory]
    [InlineData("09:00", "18:00", "09:00", true)]
    [InlineData("09:00", "18:00", "18:00:59", true)]
    [InlineData("09:00", "18:00", "18:01", false)]
    [InlineData("09:00", "18:00", "08:59:59", false)]
    [InlineData("22:00", "06:00", "23:00", true)]
    [InlineData("22:00", "06:00", "06:00", true)]
    [InlineData("22:00", "06:00", "12:00", false)]
    public void Login_hours_include_their_last_minute_and_extend_past_midnight(string first, string last, string time, bool isWithin) =>
        Assert.Equal(isWithin, new LoginHours(TimeOnly.Parse(first, CultureInfo.InvariantCulture), TimeOnly.Parse(last, CultureInfo.InvariantCulture)).Contains(TimeOnly.Parse(time, CultureInfo.InvariantCulture)));

    [Fact]
    public void An_explicit_format_is_not_detected()
    {
        PasswordFile file = PasswordFileParser.Parse($"ann:{Md5}", PasswordFileFormat.Shadow);
        Assert.Equal(PasswordFileFormat.Shadow, file.Format);
        Assert.Equal("ann", Assert.Single(file.Accounts).Name);
    }

    [Fact]
    public void The_format_of_most_lines_is_detected()
    {
        Assert.Null(PasswordFileParser.DetectFormat(""));
        Assert.Null(PasswordFileParser.DetectFormat("no fields\na:b:c:d\n"));
        Assert.Equal(PasswordFileFormat.Passwd, PasswordFileParser.DetectFormat("a:b\n1:2:3:4:5:6:7\n# a:b\n1:2:3:4:5:6:7\n"));
        Assert.Equal(PasswordFileFormat.PureFtpd, PasswordFileParser.DetectFormat("1:2:3:4:5:6:7:8:9:10:11:12:13:14:15:16:17:18"));
    }

    [Fact]
    public void A_file_without_a_known_format_and_a_long_line_are_skipped()
    {
        Assert.Equal("line 1: no known format has 1 fields", Assert.Single(PasswordFileParser.Parse("x").SkippedLines).ToString());
        PasswordFile file = PasswordFileParser.Parse($"ann:{Md5}\nbob:{new string('x', 4096)}");
        Assert.Equal("line 2: the line is longer than 4096 characters", Assert.Single(file.SkippedLines).ToString());
    }

    [Fact]
    public void Any_names_and_hashes_are_read_from_each_format() =>
        Prop.ForAll(ArbMap.Default.ArbFor<NonEmptyString[]>(), ArbMap.Default.ArbFor<int>(), (texts, choice) =>
        {
            string[] names = [.. texts.Select(text => new string([.. text.Get.Where(c => !char.IsControl(c) && c is not (':' or '#' or '\uFEFF'))]).Trim())
                .Where(name => name.Length is > 0 and <= 128).Distinct()];
            var format = (PasswordFileFormat)(Math.Abs(choice % 4));
            string rest = format switch
            {
                PasswordFileFormat.Htpasswd => "",
                PasswordFileFormat.Passwd => ":1:1::/srv:/bin/sh",
                PasswordFileFormat.Shadow => ":1::::::",
                _ => ":1:1::/srv::::::::::::",
            };
            PasswordFile file = PasswordFileParser.Parse(string.Concat(names.Select(name => $"{name}:{Bcrypt}{rest}\n")));
            Assert.Equal(names, file.Accounts.Select(account => account.Name));
            Assert.Empty(file.SkippedLines);
            Assert.Equal(names.Length == 0 ? (PasswordFileFormat?)null : format, file.Format);
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void Every_line_of_any_text_is_an_account_a_comment_or_skipped() =>
        Prop.ForAll(ArbMap.Default.ArbFor<NonNull<string>>(), text =>
        {
            string content = text.Get.Replace('a', ':').Replace('b', '\n');
            PasswordFile file = PasswordFileParser.Parse(content);
            int[] numbers = [.. file.Accounts.Select(account => account.LineNumber).Concat(file.SkippedLines.Select(line => line.LineNumber)).Order()];
            Assert.Equal(numbers.Distinct(), numbers);
            Assert.All(numbers, number => Assert.InRange(number, 1, content.Split('\n').Length));
        }).QuickCheckThrowOnFailure();
}
