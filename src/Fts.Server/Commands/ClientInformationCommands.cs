using Fts.Protocol;
using Fts.Server.Sessions;

namespace Fts.Server.Commands;

/// <summary>Client and server introduce themselves, and agree on the language of the replies (draft-peterson-streamlined-ftp-command-extensions, RFC 2640 §4).</summary>
internal static class ClientInformationCommands
{
    private static readonly FtpReply IdentityReply = new(FtpReplyCode.Okay,
        $"Name=fts; Version={typeof(FtpServer).Assembly.GetName().Version!.ToString(3)}; OS={OperatingSystemName}; CaseSensitive={(OperatingSystem.IsLinux() ? 1 : 0)};");

    private static string OperatingSystemName => OperatingSystem.IsWindows() ? "Windows" : OperatingSystem.IsMacOS() ? "macOS" : OperatingSystem.IsLinux() ? "Linux" : "Unix";

    /// <summary>Nothing depends on which client it is.</summary>
    public static ValueTask<FtpReply> ClientAsync(Session session, string argument, CancellationToken cancellationToken) => new(Replies.Done);

    /// <summary>Only told to those who signed in: a stranger learns no version from us.</summary>
    public static ValueTask<FtpReply> IdentifyAsync(Session session, string argument, CancellationToken cancellationToken) => new(IdentityReply);

    /// <summary>English, in any of its regions, and without an argument the default, which is English.</summary>
    public static ValueTask<FtpReply> LanguageAsync(Session session, string argument, CancellationToken cancellationToken)
    {
        string language = argument.Split('-', 2)[0];
        return new(language.Length == 0 || string.Equals(language, "EN", StringComparison.OrdinalIgnoreCase) ? Replies.English : Replies.ParameterNotImplemented);
    }
}
