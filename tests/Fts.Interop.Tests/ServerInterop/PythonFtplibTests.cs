using Fts.Interop.Tests.Processes;

namespace Fts.Interop.Tests.ServerInterop;

/// <summary>The standard FTP module of Python. Each check is a function of ftplib_check.py.</summary>
public sealed class PythonFtplibTests
{
    [Theory]
    [InlineData("127.0.0.1", "binary")]
    [InlineData("::1", "binary")]
    [InlineData("127.0.0.1", "active")]
    [InlineData("::1", "active")]
    [InlineData("127.0.0.1", "ascii")]
    [InlineData("127.0.0.1", "mlsd")]
    [InlineData("127.0.0.1", "nlst")]
    [InlineData("127.0.0.1", "restart")]
    [InlineData("127.0.0.1", "rename")]
    [InlineData("127.0.0.1", "folders")]
    [InlineData("127.0.0.1", "abort_download")]
    [InlineData("127.0.0.1", "abort_upload")]
    [InlineData("127.0.0.1", "unique")]
    public async Task Every_check_of_ftplib_succeeds(string address, string check)
    {
        await using ServerUnderTest server = await ServerUnderTest.StartAsync(address);
        string script = Path.Combine(AppContext.BaseDirectory, "ServerInterop", "ftplib_check.py");

        string[] arguments = [script, server.Host, server.Port, server.User, server.Password, check];
        (await ProcessRunner.RunAsync(Tool.RequirePython(), server.Local, arguments)).AssertSuccess();
    }
}
