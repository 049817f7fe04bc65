using System.Net;
using Fts.Accounts.Bans;

namespace Fts.Serving.Control;

/// <summary>
/// The checks of the requests for bans. The server uses them, and <c>fts ban</c> uses them on the database if no server runs.
/// </summary>
internal static class BanRequests
{
    /// <summary>Returns the manual ban of a request.</summary>
    /// <param name="parameters">The parameters of the request.</param>
    /// <param name="user">The system user that sent the request, or null if unknown.</param>
    /// <param name="now">The current time.</param>
    /// <exception cref="ControlException">A parameter is invalid.</exception>
    public static Ban Create(BanAddParameters parameters, string? user, DateTimeOffset now)
    {
        BanSubject subject = ParseSubject(parameters.Subject);
        if (parameters.Until <= now)
        {
            throw new ControlException(ControlErrorCode.Invalid, "the end of the ban is in the past");
        }

        return parameters.Reason.Length <= Ban.MaxReasonLength
            ? new Ban(subject, parameters.Reason, now, parameters.Until, BanSource.Manual, 0) { Actor = user }
            : throw new ControlException(ControlErrorCode.Invalid, $"the reason is longer than {Ban.MaxReasonLength} characters");
    }

    /// <summary>Parses the subject of a ban.</summary>
    /// <exception cref="ControlException">The text is not a subject.</exception>
    public static BanSubject ParseSubject(string text) => BanSubject.TryParse(text, out BanSubject? subject)
        ? subject
        : throw new ControlException(
            ControlErrorCode.Invalid, $"'{text}' is not an address, a network (192.0.2.0/24) or an account at an address (ann@192.0.2.7)");

    /// <summary>Throws if a ban would have no effect.</summary>
    /// <param name="subject">The subject of the ban.</param>
    /// <param name="neverBanned">The networks that are never banned.</param>
    /// <exception cref="ControlException">The subject is in a network that is never banned.</exception>
    public static void ThrowIfNeverBanned(BanSubject subject, IReadOnlyList<IPNetwork> neverBanned)
    {
        if (subject.IsWithin(neverBanned))
        {
            throw new ControlException(ControlErrorCode.Invalid, $"{subject} is in a network that is never banned (--never-ban)");
        }
    }

    /// <summary>Returns the exception for a subject without a ban of its own. Names the first ban that includes the subject.</summary>
    public static ControlException CreateNotFound(string subject, IEnumerable<string>? bans = null)
    {
        string? wider = bans?.FirstOrDefault(ban => BanSubject.TryParse(ban, out BanSubject? banned)
            && BanSubject.TryParse(subject, out BanSubject? asked)
            && asked.Network.PrefixLength >= banned.Network.PrefixLength
            && banned.Matches(asked.Network.BaseAddress, asked.Account));
        return new ControlException(
            ControlErrorCode.NotFound,
            wider is null ? $"{subject} is not banned" : $"{subject} has no ban of its own, but the ban of {wider} includes it");
    }
}
