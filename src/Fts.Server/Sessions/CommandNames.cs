using Fts.Protocol;
using Fts.Server.Commands;

namespace Fts.Server.Sessions;

/// <summary>The names in the argument of a command, for its log line. Control characters are escaped.</summary>
/// <param name="Text">The names in the text of the line.</param>
/// <param name="Path">The virtual path of the file or directory, or the argument if it does not consist of valid paths.</param>
/// <param name="Target">The virtual path of the new name of a rename or copy, or null.</param>
/// <param name="Value">The part of the argument before the path, for example the time or the permission bits, or null.</param>
internal readonly record struct CommandNames(string Text, string Path, string? Target, string? Value)
{
    /// <summary>Returns the names in the argument of a command.</summary>
    public static CommandNames Parse(Session session, CommandRow row, string argument)
    {
        switch (row.Verb)
        {
            case "RNTO" or "SITE CPTO":
                SequenceParameters sequence = session.Sequence.Current;
                string source = (sequence.RenameSource ?? sequence.CopySource)?.Value ?? "(no source)";
                string target = GetVirtualPath(session, argument);
                return new CommandNames($"{source} to {target}".ToPrintable(), source.ToPrintable(), target.ToPrintable(), null);
            case "SITE COPY" or "SITE SYMLINK" when QuotedArguments.Parse(argument) is { Count: 2 } names:
                return new CommandNames(
                    argument.ToPrintable(), GetVirtualPath(session, names[0]).ToPrintable(),
                    GetVirtualPath(session, names[1]).ToPrintable(), null);
            case "MFMT" or "MDTM" or "MFF" or "SITE CHMOD" when argument.Split(' ', 2) is [var value, var name]:
                return new CommandNames(
                    argument.ToPrintable(), GetVirtualPath(session, name).ToPrintable(), null, value.ToPrintable());
            case "COMB" or "SITE COPY" or "SITE SYMLINK" or "SITE UTIME" or "MFMT" or "MDTM" or "MFF" or "SITE CHMOD":
                string text = argument.ToPrintable();
                return new CommandNames(text, text, null, null);
            default:
                string path = GetVirtualPath(session, argument).ToPrintable();
                return new CommandNames(path, path, null, null);
        }
    }

    private static string GetVirtualPath(Session session, string argument) => session.Resolve(argument) is { } path ? path.Value : argument;
}
