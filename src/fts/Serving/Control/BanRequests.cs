using Fts.Accounts.Bans;

namespace Fts.Serving.Control;

/// <summary>
/// The checks of the requests for bans. The server uses them, and <c>fts ban</c> uses them on the database if no server runs.
/// </summary>
internal static class BanRequests
{
    /// <summary>Returns the manual ban of a request.</summary>
    /// <exception cref="ControlException">A parameter is invalid.</exception>
    public static Ban Create(BanAddParameters parameters, DateTimeOffset now)
    {
        BanSubject subject = ParseSubject(parameters.Subject);
        if (parameters.Until <= now)
        {
            throw new ControlException(ControlErrorCode.Invalid, "the end of the ban is in the past");
        }

        return parameters.Reason.Length <= Ban.MaxReasonLength
            ? new Ban(subject, parameters.Reason, now, parameters.Until, BanSource.Manual, 0)
            : throw new ControlException(ControlErrorCode.Invalid, $"the reason is longer than {Ban.MaxReasonLength} characters");
    }

    /// <summary>Parses the subject of a ban.</summary>
    /// <exception cref="ControlException">The text is not a subject.</exception>
    public static BanSubject ParseSubject(string text) => BanSubject.TryParse(text, out BanSubject? subject)
        ? subject
        : throw new ControlException(
            ControlErrorCode.Invalid, $"'{text}' is not an address, a network (192.0.2.0/24) or an account at an address (ann@192.0.2.7)");

    /// <summary>Returns the exception for a ban that would have no effect.</summary>
    public static ControlException CreateNeverBanned(BanSubject subject) =>
        new(ControlErrorCode.Invalid, $"{subject} is in a network that is never banned (--never-ban)");

    /// <summary>Returns the exception for a subject that is not banned.</summary>
    public static ControlException CreateNotFound(string subject) => new(ControlErrorCode.NotFound, $"{subject} is not banned");
}
