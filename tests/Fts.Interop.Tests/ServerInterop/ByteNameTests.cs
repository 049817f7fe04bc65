using Fts.Interop.Tests.Processes;

namespace Fts.Interop.Tests.ServerInterop;

/// <summary>Names that are not UTF-8 (RFC 2640 §3.1). The script byte_names.py compares them as bytes.</summary>
public sealed class ByteNameTests
{
    [Theory]
    [InlineData("set ftp:charset UTF-8")]
    [InlineData("set ftp:use-feat no; set ftp:charset ISO-8859-1; set file:charset ISO-8859-1")]
    public async Task Lftp_mirrors_every_name_in_both_directions(string settings)
    {
        Tool lftp = Tool.Require("lftp");
        await using ServerUnderTest server = await ServerUnderTest.StartAsync("127.0.0.1");
        try
        {
            await RunScriptAsync(server, "make", "tree");
            string open = $"set cmd:fail-exit yes; set net:max-retries 2; set net:timeout 10; {settings}; "
                + $"open -u {server.User},{server.Password} ftp://{server.Authority}";
            string commands = $"{open}; mirror -R tree /box; mirror /box back";

            (await ProcessRunner.RunAsync(lftp, server.Local, "--norc", "-c", commands)).AssertSuccess();

            await RunScriptAsync(server, "compare", "tree", server.WritableFolder, "back");
        }
        finally
        {
            await DeleteFilesAsync(server);
        }
    }

    [Fact]
    public async Task Wget_and_ncftp_download_every_name()
    {
        (Tool wget, Tool ncftp) = (Tool.Require("wget"), Tool.Require("ncftpget"));
        await using ServerUnderTest server = await ServerUnderTest.StartAsync("127.0.0.1");
        try
        {
            await RunScriptAsync(server, "make", "tree");
            await RunScriptAsync(server, "make", server.WritableFolder);
            server.Local.CreateFolder("ncftp");

            string[] wgetOptions = ["-q", "-r", "-nH", "--cut-dirs=1", "-P", "wget", "--restrict-file-names=nocontrol"];
            string[] ncftpOptions = ["-V", "-P", server.Port, "-R"];
            (await ProcessRunner.RunAsync(wget, server.Local, [.. wgetOptions, $"ftp://{server.Authority}/box/"])).AssertSuccess();
            (await ProcessRunner.RunAsync(ncftp, server.Local, [.. ncftpOptions, server.Host, "ncftp", "/box"])).AssertSuccess();

            await RunScriptAsync(server, "compare", "tree", "wget", "ncftp/box");
        }
        finally
        {
            await DeleteFilesAsync(server);
        }
    }

    [Fact]
    public async Task Ftplib_transfers_lists_and_renames_every_name()
    {
        await using ServerUnderTest server = await ServerUnderTest.StartAsync("127.0.0.1");
        try
        {
            await RunScriptAsync(server, "transfer", server.Host, server.Port, server.User, server.Password, server.WritableFolder);
        }
        finally
        {
            await DeleteFilesAsync(server);
        }
    }

    private static async Task RunScriptAsync(ServerUnderTest server, params string[] arguments)
    {
        string script = Path.Combine(AppContext.BaseDirectory, "ServerInterop", "byte_names.py");
        (await ProcessRunner.RunAsync(Tool.RequirePython(), server.Local, [script, .. arguments])).AssertSuccess();
    }

    /// <summary>Deletes the files of a test by rm, because .NET cannot delete names that are not UTF-8.</summary>
    private static async Task DeleteFilesAsync(ServerUnderTest server) =>
        await ProcessRunner.RunAsync(Tool.Require("rm"), server.Local, "-rf", "tree", "back", "wget", "ncftp", server.WritableFolder);
}
