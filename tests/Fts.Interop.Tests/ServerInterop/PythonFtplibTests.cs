using Fts.Interop.Tests.Processes;

namespace Fts.Interop.Tests.ServerInterop;

/// <summary>Python's standard FTP module: the conversations are in ftplib_check.py, one function each.</summary>
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
    public async Task A_conversation_goes_as_the_standard_says(string address, string conversation)
    {
        await using ServerUnderTest server = await ServerUnderTest.StartAsync(address);
        string script = Path.Combine(AppContext.BaseDirectory, "ServerInterop", "ftplib_check.py");

        ProcessResult ended = await ProcessRunner.RunAsync(Tool.RequirePython(), server.Local, script, server.Host, server.Port, server.User, server.Password, conversation);

        ended.AssertSuccess();
    }
}
