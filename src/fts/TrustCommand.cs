using Fts.Client;
using Fts.Protocol;

namespace Fts.Cli;

/// <summary><c>fts trust</c>: the servers that are remembered.</summary>
internal static class TrustCommand
{
    private const string Usage = "fts trust list | add HOST:PORT SHA256:KEY|TLS | remove HOST:PORT";

    public static Task<ExitCode> RunAsync(string[] args)
    {
        KnownHosts known = KnownHosts.OfUser;
        IReadOnlyList<string> words = new CommandLine("trust", Usage, 3, args).Words;
        try
        {
            switch (words)
            {
                case [] or ["list"]:
                    foreach (KnownHost host in known.All())
                    {
                        Terminal.Plain.Data($"{host.Server.ToPrintable()} {host.Proof.ToPrintable()}");
                    }

                    Terminal.Plain.Flush();
                    return Task.FromResult(ExitCode.Done);
                case ["add", var server, var proof]:
                    known.Set(Checked(server), proof == KnownHost.Authority || FtpServerIdentity.IsFingerprint(proof) ? proof : throw CommandLine.Usage(
                        $"'{proof}' is not a key: expected SHA256: and 43 characters, as fts server shows it, or {KnownHost.Authority} for a certificate of a trusted authority"));
                    return Task.FromResult(ExitCode.Done);
                case ["remove", var server]:
                    return known.Remove(Checked(server)) ? Task.FromResult(ExitCode.Done)
                        : throw new FailureException(ExitCode.NotFound, $"{server} is not a remembered server", "fts trust list");
                default:
                    throw CommandLine.Usage($"trust {string.Join(' ', words)}: not understood", null, Usage);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new FailureException(ExitCode.LocalFiles, $"{known.Path}: {LocalReason.Of(e)}");
        }
    }

    private static string Checked(string server)
    {
        int colon = server.LastIndexOf(':');
        if (colon <= 0 || server.Any(char.IsWhiteSpace))
        {
            throw CommandLine.Usage($"'{server}' is no HOST:PORT", null, Usage);
        }

        CommandLine.ParsePort(server[(colon + 1)..], zeroAllowed: false);
        return server;
    }
}
