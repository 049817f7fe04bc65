using System.Globalization;
using Fts.Accounts.Events;
using Fts.Protocol;
using Fts.Transfers;

namespace Fts.Administration.Events;

/// <summary>Formats events for people: number, time (UTC), type, account, and facts. Pure.</summary>
/// <param name="lastId">The largest number, for the width of its column.</param>
/// <param name="columns">The number of columns of a line. Longer paths are shortened. Null for no limit.</param>
internal sealed class EventTable(long lastId, int? columns)
{
    private const int AccountColumns = 16, MinPathColumns = 8;

    private readonly int _idColumns = lastId.ToString(CultureInfo.InvariantCulture).Length;

    /// <summary>Returns the line of an event.</summary>
    public string Format(StoredEvent stored)
    {
        AccountEvent happened = stored.Event;
        string account = happened.Account?.ToPrintable() ?? "-";
        string start = stored.Id.ToString(CultureInfo.InvariantCulture).PadLeft(_idColumns) +
            $" {FormatTime(happened.Time, "yyyy-MM-dd HH:mm:ss")} {GetTypeName(happened.Type)} " +
            $"{(columns is null ? account : DisplayFormat.Shorten(account, AccountColumns))} ";
        string text = FormatFacts(happened, columns - DisplayFormat.CountColumns(start));
        string from = happened.Address is { } address && HasClient(happened.Type) ? $" from {address.ToPrintable()}" : "";
        string line = columns is not { } limit
            ? start + text + from
            : DisplayFormat.CountColumns(start + text + from) <= limit ? start + text + from : DisplayFormat.Shorten(start + text, limit);
        return line.TrimEnd();
    }

    /// <summary>Returns all facts of an event, one on each line.</summary>
    public static IEnumerable<string> FormatDetails(StoredEvent stored)
    {
        AccountEvent happened = stored.Event;
        (string Name, string? Value)[] rows =
        [
            ("id", stored.Id.ToString(CultureInfo.InvariantCulture)),
            ("time", FormatTime(happened.Time, "yyyy-MM-dd HH:mm:ss.ffffff'Z'")),
            ("type", GetTypeName(happened.Type)),
            ("account", happened.Account),
            ("address", happened.Address),
            ("session", happened.Session?.ToString(CultureInfo.InvariantCulture)),
            ("path", happened.Path),
            ("target", happened.Target),
            ("bytes", happened.Bytes?.ToString(CultureInfo.InvariantCulture)),
            ("verdict", happened.Verdict),
            ("sha256", happened.Sha256),
            ("rule", happened.Rule),
            ("source", happened.Source),
            ("actor", happened.Actor),
            ("detail", happened.Detail),
            ("previous", Convert.ToHexStringLower(stored.PreviousHash)),
            ("hash", Convert.ToHexStringLower(stored.Hash)),
        ];
        return rows.Where(row => row.Value is not null).Select(row => $"{row.Name,-9} {row.Value!.ToPrintable()}");
    }

    private static string FormatTime(DateTimeOffset time, string format) => time.UtcDateTime.ToString(format, CultureInfo.InvariantCulture);

    /// <summary>Returns the name of a type, or its number if another program has written it.</summary>
    private static string GetTypeName(EventType type) =>
        Enum.IsDefined(type) ? EventTypes.GetName(type) : string.Create(CultureInfo.InvariantCulture, $"type-{(int)type}");

    /// <summary>Whether the address of a type is the address of a client, which is printed if the line has enough columns.</summary>
    private static bool HasClient(EventType type) => !IsBan(type);

    private static bool IsBan(EventType type) => type is EventType.Banned or EventType.Unbanned;

    /// <summary>Returns the administrator, or else the source. Old events of bans have it in their detail.</summary>
    private static string? FormatSource(AccountEvent happened) => happened.Actor is { } actor ? $"by {actor}" : happened.Source;

    private static string FormatFacts(AccountEvent happened, int? available)
    {
        string facts = string.Join(
            ", ",
            new[]
            {
                happened.Bytes is { } bytes ? DisplayFormat.FormatSize(bytes) : null, happened.Verdict, happened.Rule,
                IsBan(happened.Type) ? FormatSource(happened) : null, happened.Detail,
            }.OfType<string>().Select(fact => fact.ToPrintable()));
        if (IsBan(happened.Type))
        {
            facts = $"{happened.Address?.ToPrintable()}: {facts}";
        }

        if (happened.Path is null)
        {
            return available is { } limit ? DisplayFormat.Shorten(facts, Math.Max(MinPathColumns, limit)) : facts;
        }

        string path = happened.Path.ToPrintable();
        string arrow = happened.Target is null ? "" : " -> ";
        string target = happened.Target?.ToPrintable() ?? "";
        string end = facts.Length == 0 ? "" : $" ({facts})";
        if (available is { } rest)
        {
            rest -= arrow.Length;
            if (rest - DisplayFormat.CountColumns(end) < MinPathColumns * (arrow.Length > 0 ? 2 : 1))
            {
                end = ""; // the path is more important
            }

            rest -= DisplayFormat.CountColumns(end);
            target = DisplayFormat.Shorten(target, Math.Max(MinPathColumns, rest / 2));
            path = DisplayFormat.Shorten(path, Math.Max(MinPathColumns, rest - DisplayFormat.CountColumns(target)));
        }

        return path + arrow + target + end;
    }
}
