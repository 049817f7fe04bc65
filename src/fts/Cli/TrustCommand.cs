using Fts.Cli.Help;
using Fts.Protocol;
using Fts.Trust;

namespace Fts.Cli;

/// <summary>The <c>fts trust</c> subcommand. It lists and changes the remembered servers.</summary>
internal static class TrustCommand
{
    /// <summary>The arguments and help page of <c>fts trust</c>.</summary>
    public static SubcommandDefinition Definition { get; } = new("trust", 3, new HelpPage
    {
        Usage = ["fts trust list", "fts trust add HOST:PORT SHA256:KEY|TLS", "fts trust remove HOST:PORT"],
        Purpose = "Lists and changes the servers that the client remembers.",
        Examples =
        [
            new("fts trust add 192.168.1.5:2121 SHA256:...", "accept only this key, even on the first connection"),
            new("fts trust add files.example.com:21 TLS", "require TLS and a trusted certificate"),
            new("fts trust remove 192.168.1.5:2121", "discard the remembered key of a reinstalled server"),
        ],
        Arguments =
        [
            new("HOST:PORT", "the server"),
            new("SHA256:KEY", "the fingerprint of the server's key, as fts server prints it"),
            new(KnownHost.Authority, "any key, with a certificate of a trusted authority"),
        ],
        ExitCodes =
        [
            new("0", "success"),
            new("2", "usage error"),
            new("6", "the server is not remembered"),
            new("11", "known_hosts cannot be read or written"),
        ],
        Notes =
        [
            "A server without a certificate of a trusted authority is identified by its key. The first connection stores the key in " +
            "${XDG_CONFIG_HOME:-~/.config}/fts/known_hosts. If the key changes, the client refuses the connection with exit code 5.",
            "A server with a certificate of a trusted authority is stored as HOST:PORT TLS. On later connections the server must " +
            "present such a certificate, with any key. The client connects to a remembered server only with TLS, " +
            "unless --tls off is given.",
        ],
    });

    /// <summary>Runs <c>fts trust</c> and returns its exit code.</summary>
    /// <exception cref="UserErrorException">An argument is invalid, the server is not remembered, or the file cannot be used.</exception>
    public static Task<ExitCode> RunAsync(string[] args)
    {
        KnownHosts knownHosts = KnownHosts.ForUser;
        IReadOnlyList<string> words = new CommandLine(Definition, args).Arguments;
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
                    knownHosts.Set(ValidateServer(server), ValidateProof(proof));
                    return Task.FromResult(ExitCode.Success);
                case ["remove", var server]:
                    return knownHosts.Remove(ValidateServer(server))
                        ? Task.FromResult(ExitCode.Success)
                        : throw new UserErrorException(
                            ExitCode.NotFound, $"{server} is not a remembered server", "fts trust list, to list the remembered servers");
                default:
                    throw CommandLine.CreateUsageError(
                        $"trust {string.Join(' ', words)}: unknown or incomplete command", null, Definition.Usage);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserErrorException(ExitCode.LocalFileError, $"{knownHosts.Path}: {LocalErrorText.Describe(e)}");
        }
    }

    /// <summary>Returns the argument if it has the form HOST:PORT, otherwise throws.</summary>
    private static string ValidateServer(string server)
    {
        int colon = server.LastIndexOf(':');
        if (colon <= 0 || server.Any(char.IsWhiteSpace))
        {
            throw CommandLine.CreateUsageError($"'{server}' is not HOST:PORT", null, Definition.Usage);
        }

        CommandLine.ParsePort(server[(colon + 1)..], allowsZero: false);
        return server;
    }

    /// <summary>Returns the argument if it is a key fingerprint or <c>TLS</c>, otherwise throws.</summary>
    private static string ValidateProof(string proof) => proof == KnownHost.Authority || KeyFingerprint.IsFingerprint(proof)
        ? proof
        : throw CommandLine.CreateUsageError(
            $"'{proof}' is not a key fingerprint: expected SHA256: and 43 characters, as fts server prints it, " +
            $"or {KnownHost.Authority} for a certificate of a trusted authority");
}
