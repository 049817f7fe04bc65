using Fts.Interop.Tests.Processes;
using static Fts.Interop.Tests.AccountInterop.OtherClient;

namespace Fts.Interop.Tests.AccountInterop;

/// <summary>curl reports exactly the operations as successful that the permissions of the account allow.</summary>
public sealed class CurlPermissionTests
{
    private const string All = "list get put replace resume mkdir rename delete rmdir change";

    [Theory]
    [InlineData("*", All)]
    [InlineData("l", "list")]
    [InlineData("r", "get")]
    [InlineData("c", "put")]
    [InlineData("w", "replace resume")]
    [InlineData("a", "")]
    [InlineData("n", "")]
    [InlineData("d", "delete rmdir")]
    [InlineData("m", "mkdir")]
    [InlineData("t", "change")]
    [InlineData("lr", "list get")]
    [InlineData("lra", "list get resume")]
    [InlineData("rc", "get put")]
    [InlineData("lrcwanmt", "list get put replace resume mkdir rename change")]
    [InlineData("lrcndmt", "list get put mkdir rename delete rmdir change")]
    [InlineData("lrcwadmt", "list get put replace resume mkdir delete rmdir change")]
    [InlineData("lrcwandt", "list get put replace resume rename delete rmdir change")]
    [InlineData("lrcwandm", "list get put replace resume mkdir rename delete rmdir")]
    [InlineData("lcwandmt", "list put replace resume mkdir rename delete rmdir change")]
    public async Task The_permissions_decide(string letters, string operations) =>
        Assert.Equal(new OperationRun(operations, operations), await OperationRun.RunAsync(letters, Run));

    [Fact]
    public async Task The_exit_codes_name_the_failed_step()
    {
        await using AccountServer server = await AccountServer.StartWithRulesAsync("l");
        server.Write("old.txt", "old");
        server.Local.Write("new.txt", "new");
        ProcessResult get = await CurlAsync(server, "-o", "back.txt", "ftp:/old.txt");
        ProcessResult put = await CurlAsync(server, "-T", "new.txt", "ftp:/new.txt");
        ProcessResult quote = await CurlAsync(server, "-I", "-Q", "DELE /old.txt", "ftp:/");
        // 78: the file is missing or not accessible; 25: the upload was refused; 21: a command failed.
        Assert.Equal((78, 25, 21), (get.ExitCode, put.ExitCode, quote.ExitCode));
    }

    private static Task<ProcessResult>? Run(AccountServer server, string operation) => operation switch
    {
        "list" => CurlAsync(server, "ftp:/"),
        "get" => CurlAsync(server, "-o", "back.txt", "ftp:/old.txt"),
        "put" => CurlAsync(server, "-T", "new.txt", "ftp:/new.txt"),
        "replace" => CurlAsync(server, "-T", "changed.txt", "ftp:/old.txt"),
        "resume" => CurlAsync(server, "-C", "-", "-T", "part.txt", "ftp:/part.txt"),
        "mkdir" => CurlAsync(server, "-I", "-Q", "MKD /made", "ftp:/"),
        "rename" => CurlAsync(server, "-I", "-Q", "RNFR /name.txt", "-Q", "RNTO /renamed.txt", "ftp:/"),
        "delete" => CurlAsync(server, "-I", "-Q", "DELE /gone.txt", "ftp:/"),
        "rmdir" => CurlAsync(server, "-I", "-Q", "RMD /empty", "ftp:/"),
        "change" => CurlAsync(server, "-I", "-Q", "MFMT 20010203040506 /time.txt", "ftp:/"),
        _ => null,
    };
}
