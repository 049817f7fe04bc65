using Fts.Interop.Tests.Processes;

namespace Fts.Interop.Tests.ServerInterop;

/// <summary>Names that are not UTF-8 (RFC 2640 §3.1), compared as bytes by byte_names.py.</summary>
public sealed class ByteNameTests
{
    [Theory]
    [InlineData("set ftp:charset UTF-8")]
    [InlineData("set ftp:use-feat no; set ftp:charset ISO-8859-1; set file:charset ISO-8859-1")]
    public async Task Lftp_mirrors_every_name_up_and_down(string settings)
    {
        Tool lftp = Tool.Require("lftp");
        await using ServerUnderTest server = await ServerUnderTest.StartAsync("127.0.0.1");
        try
        {
            await PythonAsync(server, "make", "tree");
            string open = $"set cmd:fail-exit yes; set net:max-retries 2; set net:timeout 10; {settings}; open -u {server.User},{server.Password} ftp://{server.Authority}";

            (await ProcessRunner.RunAsync(lftp, server.Local, "--norc", "-c", $"{open}; mirror -R tree /box; mirror /box back")).AssertSuccess();

            await PythonAsync(server, "compare", "tree", server.WritableFolder, "back");
        }
        finally
        {
            await RemoveAsync(server);
        }
    }

    [Fact]
    public async Task Wget_and_ncftp_fetch_every_name()
    {
        (Tool wget, Tool ncftp) = (Tool.Require("wget"), Tool.Require("ncftpget"));
        await using ServerUnderTest server = await ServerUnderTest.StartAsync("127.0.0.1");
        try
        {
            await PythonAsync(server, "make", "tree");
            await PythonAsync(server, "make", server.WritableFolder);
            server.Local.CreateFolder("ncftp");

            (await ProcessRunner.RunAsync(wget, server.Local, "-q", "-r", "-nH", "--cut-dirs=1", "-P", "wget", "--restrict-file-names=nocontrol", $"ftp://{server.Authority}/box/")).AssertSuccess();
            (await ProcessRunner.RunAsync(ncftp, server.Local, "-V", "-P", server.Port, "-R", server.Host, "ncftp", "/box")).AssertSuccess();

            await PythonAsync(server, "compare", "tree", "wget", "ncftp/box");
        }
        finally
        {
            await RemoveAsync(server);
        }
    }

    [Fact]
    public async Task Ftplib_transfers_lists_and_renames_every_name()
    {
        await using ServerUnderTest server = await ServerUnderTest.StartAsync("127.0.0.1");
        try
        {
            await PythonAsync(server, "transfer", server.Host, server.Port, server.User, server.Password, server.WritableFolder);
        }
        finally
        {
            await RemoveAsync(server);
        }
    }

    private static async Task PythonAsync(ServerUnderTest server, params string[] arguments) =>
        (await ProcessRunner.RunAsync(Tool.RequirePython(), server.Local, [Path.Combine(AppContext.BaseDirectory, "ServerInterop", "byte_names.py"), .. arguments])).AssertSuccess();

    /// <summary>.NET cannot remove the names that the tests make.</summary>
    private static async Task RemoveAsync(ServerUnderTest server) =>
        await ProcessRunner.RunAsync(Tool.Require("rm"), server.Local, "-rf", "tree", "back", "wget", "ncftp", server.WritableFolder);
}
