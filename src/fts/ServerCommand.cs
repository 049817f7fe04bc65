namespace Fts.Cli;
internal static class ServerCommand { public static Task<ExitCode> RunAsync(string[] args) => throw new NotImplementedException(); }
