using System.Net;
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

    /// <summary>Throws if a ban would have no effect.</summary>
    /// <param name="subject">The subject of the ban.</param>
    /// <param name="isNeverBanned">Returns whether an address is never banned.</param>
    /// <exception cref="ControlException">The subject is in a network that is never banned.</exception>
    public static void ThrowIfNeverBanned(BanSubject subject, Func<IPAddress, bool> isNeverBanned)
    {
        // A ban of ::1 is a ban of its /64 network, in which there is no other address.
        bool isLoopback = subject.Network.PrefixLength >= 64 && subject.Network.Contains(IPAddress.IPv6Loopback);
        if (isNeverBanned(isLoopback ? IPAddress.IPv6Loopback : subject.Network.BaseAddress))
        {
            throw new ControlException(ControlErrorCode.Invalid, $"{subject} is in a network that is never banned (--never-ban)");
        }
    }

    /// <summary>Returns the exception for a subject that is not banned.</summary>
    public static ControlException CreateNotFound(string subject) => new(ControlErrorCode.NotFound, $"{subject} is not banned");
}
