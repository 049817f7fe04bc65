using Fts.Interop.Tests.Processes;

namespace Fts.Interop.Tests.AccountInterop;

/// <summary>Runs curl, lftp or rclone against an <see cref="AccountServer"/>.</summary>
internal static class OtherClient
{
    /// <summary>Runs curl. A relative URL is a path on the server.</summary>
    public static Task<ProcessResult> CurlAsync(AccountServer server, params IEnumerable<string> arguments) => ProcessRunner.RunAsync(
        Tool.Require("curl"), server.Local,
        [
            "-q", "-sS", "-u", $"{AccountServer.User}:{AccountServer.Password}",
            .. arguments.Select(argument => argument.StartsWith("ftp:/", StringComparison.Ordinal) ? server.Url + argument[4..] : argument),
        ]);

    /// <summary>Runs commands of lftp up to the first failure.</summary>
    public static Task<ProcessResult> LftpAsync(AccountServer server, params IEnumerable<string> commands)
    {
        string[] settings =
        [
            "set cmd:fail-exit yes", "set ssl:verify-certificate no", "set net:max-retries 2", "set net:reconnect-interval-base 1",
        ];
        string open = $"open -u {AccountServer.User},{AccountServer.Password} {server.Url}";
        return ProcessRunner.RunAsync(
            Tool.Require("lftp"), server.Local, "--norc", "-c", string.Join("; ", [.. settings, open, .. commands]));
    }

    /// <summary>Runs rclone without retries. The server is <c>peer:</c>.</summary>
    public static Task<ProcessResult> RcloneAsync(AccountServer server, params IEnumerable<string> arguments) =>
        RcloneAsync(server, "", arguments);

    /// <summary>Runs rclone with further lines of its configuration.</summary>
    public static async Task<ProcessResult> RcloneAsync(AccountServer server, string setting, IEnumerable<string> arguments)
    {
        Tool rclone = Tool.Require("rclone");
        string password = (await ProcessRunner.RunAsync(rclone, server.Local, "obscure", AccountServer.Password)).AssertSuccess().Output;
        string configuration = server.Local.Write(
            "rclone.conf",
            $"[peer]\ntype = ftp\nhost = 127.0.0.1\nport = {server.PortText}\nuser = {AccountServer.User}\npass = {password.Trim()}\n" +
            $"{setting}\n");
        string[] options = ["--config", configuration, "--retries", "1", "--low-level-retries", "1"];
        return await ProcessRunner.RunAsync(rclone, server.Local, [.. options, .. arguments]);
    }
}
