namespace Fts.Accounts.Events;

/// <summary>The type of an event. The numbers are stored and must never change.</summary>
public enum EventType
{
    /// <summary>A client logged in.</summary>
    Login = 1,
    /// <summary>A login was rejected.</summary>
    LoginFailed = 2,
    /// <summary>A file was published: an upload, an append, a copy or a combined file.</summary>
    Uploaded = 3,
    /// <summary>A file, or a part of it, was sent to a client.</summary>
    Downloaded = 4,
    /// <summary>A file or a link was deleted.</summary>
    Deleted = 5,
    /// <summary>A file, directory or link was renamed.</summary>
    Renamed = 6,
    /// <summary>A directory was created.</summary>
    DirectoryMade = 7,
    /// <summary>A directory was deleted.</summary>
    DirectoryRemoved = 8,
    /// <summary>An address, or an account at an address, was banned.</summary>
    Banned = 9,
    /// <summary>The settings of an account or a group were changed.</summary>
    AccountChanged = 10,
    /// <summary>A link was created.</summary>
    LinkMade = 11,
    /// <summary>A ban was removed, or it ended.</summary>
    Unbanned = 12,
}

/// <summary>Converts event types to their names and back.</summary>
public static class EventTypes
{
    /// <summary>Returns the name of a type in payloads and on the command line, for example <c>login_failed</c>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The type is not defined.</exception>
    public static string GetName(EventType type) => type switch
    {
        EventType.Login => "login",
        EventType.LoginFailed => "login_failed",
        EventType.Uploaded => "uploaded",
        EventType.Downloaded => "downloaded",
        EventType.Deleted => "deleted",
        EventType.Renamed => "renamed",
        EventType.DirectoryMade => "directory_made",
        EventType.DirectoryRemoved => "directory_removed",
        EventType.Banned => "banned",
        EventType.AccountChanged => "account_changed",
        EventType.LinkMade => "link_made",
        EventType.Unbanned => "unbanned",
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "The event type is not defined."),
    };

    /// <summary>Returns the type with a name, or null if no type has it.</summary>
    public static EventType? Find(string name)
    {
        foreach (EventType type in Enum.GetValues<EventType>())
        {
            if (GetName(type) == name)
            {
                return type;
            }
        }

        return null;
    }
}
