using Fts.Protocol;
using Fts.Trust;

namespace Fts.Cli;

/// <summary><c>fts trust</c>: the servers that are remembered.</summary>
internal static class TrustCommand
{
    private const string Usage = "fts trust list | add HOST:PORT SHA256:KEY|TLS | remove HOST:PORT";

    public static Task<ExitCode> RunAsync(string[] args)
    {
        KnownHosts knownHosts = KnownHosts.ForUser;
        IReadOnlyList<string> words = new CommandLine("trust", Usage, 3, args).Arguments;
        try
        {
            switch (words)
            {
                case [] or ["list"]:
                    foreach (KnownHost host in knownHosts.GetAll())
                    {
                        Terminal.Plain.WriteData($"{host.Server.ToPrintable()} {host.Proof.ToPrintable()}");
                    }

                    Terminal.Plain.Flush();
                    return Task.FromResult(ExitCode.Success);
                case ["add", var server, var proof]:
                    knownHosts.Set(ValidateServer(server), proof == KnownHost.Authority || KeyFingerprint.IsFingerprint(proof) ? proof : throw CommandLine.CreateUsageError(
                        $"'{proof}' is not a key: expected SHA256: and 43 characters, as fts server shows it, or {KnownHost.Authority} for a certificate of a trusted authority"));
                    return Task.FromResult(ExitCode.Success);
                case ["remove", var server]:
                    return knownHosts.Remove(ValidateServer(server)) ? Task.FromResult(ExitCode.Success)
                        : throw new UserErrorException(ExitCode.NotFound, $"{server} is not a remembered server", "fts trust list");
                default:
                    throw CommandLine.CreateUsageError($"trust {string.Join(' ', words)}: not understood", null, Usage);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserErrorException(ExitCode.LocalFileError, $"{knownHosts.Path}: {LocalErrorText.Describe(e)}");
        }
    }

    private static string ValidateServer(string server)
    {
        int colon = server.LastIndexOf(':');
        if (colon <= 0 || server.Any(char.IsWhiteSpace))
        {
            throw CommandLine.CreateUsageError($"'{server}' is no HOST:PORT", null, Usage);
        }

        CommandLine.ParsePort(server[(colon + 1)..], allowsZero: false);
        return server;
    }
}
