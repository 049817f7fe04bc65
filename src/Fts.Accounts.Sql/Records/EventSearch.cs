using System.Globalization;
using Fts.Accounts.Bans;
using Fts.Accounts.Events;

namespace Fts.Accounts.Sql.Records;

/// <summary>Finds the numbers of events. All statements of one search run in one transaction.</summary>
/// <remarks>
/// A unary plus prevents that the database uses the index of a column for a condition, because another index excludes more events.
/// </remarks>
internal sealed class EventSearch
{
    /// <summary>The maximum number of names that are followed backwards through renames.</summary>
    private const int MaxNames = 100;

    private readonly ISqlSession _session;
    private readonly EventFilter _filter;
    private readonly (string Column, SqlValue Value)[] _origins; // the account and addresses; the search repeats for each address
    private readonly string _conditions;
    private readonly List<SqlValue> _values = [];

    private EventSearch(ISqlSession session, EventFilter filter, string? address)
    {
        (_session, _filter) = (session, filter);
        var origins = new List<(string, SqlValue)>();
        if (filter.Account is { } account)
        {
            origins.Add(("account", account));
        }

        if (address is not null)
        {
            origins.Add(("address", address));
        }

        _origins = [.. origins];
        var conditions = new List<string>();
        if (filter.Since is { } since)
        {
            conditions.Add($"+time >= {Bind(since.UtcTicks)}");
        }

        if (filter.Until is { } until)
        {
            conditions.Add($"+time < {Bind(until.UtcTicks)}");
        }

        if (filter.Types.Count > 0)
        {
            conditions.Add($"+type IN ({string.Join(", ", filter.Types.Select(type => Bind((long)type)))})");
        }

        _conditions = string.Concat(conditions.Select(condition => $" AND {condition}"));
    }

    /// <summary>Returns the numbers of the matching events in ascending order.</summary>
    public static EventSelection Find(ISqlSession session, EventFilter filter)
    {
        string?[] addresses = filter.Address is { } client
            ? [.. new[] { (client.IsIPv4MappedToIPv6 ? client.MapToIPv4() : client).ToString(), BanSubject.FromClient(client).ToString() }
                .Distinct()]
            : [null];
        var found = new SortedSet<long>();
        foreach (string? address in addresses)
        {
            found.UnionWith(new EventSearch(session, filter, address).FindIds());
        }

        int skipped = filter.Limit is { } limit && found.Count > limit ? found.Count - limit : 0;
        return new EventSelection([.. found.Skip(skipped)], skipped > 0);
    }

    private IEnumerable<long> FindIds()
    {
        (long Min, long Max)? range = FindRange();
        if (range is not { } numbers)
        {
            return [];
        }

        if (_filter.Path is not { IsRoot: false } path)
        {
            return FindOrigin(numbers.Min, numbers.Max);
        }

        var renames = new HashSet<long>();
        Dictionary<string, Name>.ValueCollection names = FindNames(AccountEvent.EscapeText(path.Value), numbers.Max, renames);
        return
        [
            .. FindPaths(names, numbers.Min), .. names.SelectMany(name => FindTargets(name, numbers.Min)),
            .. renames.SelectMany(FindRename),
        ];
    }

    /// <summary>
    /// Returns the numbers between which all events of the filter's time are. Events are almost ordered by time: an event of an operation
    /// that a killed server began is stored after the restart.
    /// </summary>
    private (long Min, long Max)? FindRange()
    {
        long min = 1, max = long.MaxValue;
        if (_filter.Since is { } since)
        {
            if (FindNumber("SELECT MIN(id) FROM events WHERE time >= $1", since.UtcTicks) is not { } first)
            {
                return null;
            }

            min = first;
        }

        if (_filter.Until is { } until)
        {
            if (FindNumber("SELECT MAX(id) FROM events WHERE time < $1", until.UtcTicks) is not { } last)
            {
                return null;
            }

            max = last;
        }

        return (min, max);
    }

    private long? FindNumber(string sql, SqlValue value) => _session.Query(sql, row => row.GetInteger(0), value)[0];

    /// <summary>Returns the newest matching events of the account and the address, or of all.</summary>
    private IReadOnlyList<long> FindOrigin(long min, long max)
    {
        var values = new List<SqlValue>(_values);
        string sql = "SELECT id FROM events WHERE id >= " + Bind(values, min) + " AND id <= " + Bind(values, max);
        // The index of the account or the address also has the order by number.
        sql += string.Concat(_origins.Select((origin, at) => $" AND {(at == 0 ? "" : "+")}{origin.Column} = {Bind(values, origin.Value)}"));
        return Query(sql + _conditions + " ORDER BY id DESC", values);
    }

    /// <summary>Returns the matching events about entries with these names and about entries below them.</summary>
    /// <remarks>
    /// Paths have no index, because it would cost more than the rest of an event. One scan of the table finds all names. The index of an
    /// account, an address or a time shortens it.
    /// </remarks>
    private IReadOnlyList<long> FindPaths(IReadOnlyCollection<Name> names, long min)
    {
        var values = new List<SqlValue>(_values);
        string numbers = $"{(_filter.Since is null ? "+" : "")}id >= {Bind(values, min)}";
        string[] places = [.. names.Select(name => $"({FormatPlace("path", name, values)} AND +id <= {Bind(values, name.Before)})")];
        string sql = $"SELECT id FROM events WHERE {numbers} AND ({string.Join(" OR ", places)})";
        return Query(sql + FormatOrigins(values, usesIndex: true) + _conditions + " ORDER BY +id DESC", values);
    }

    /// <summary>Returns the matching renames and links whose target has a name or is below it.</summary>
    private IReadOnlyList<long> FindTargets(Name name, long min)
    {
        var values = new List<SqlValue>(_values);
        string sql = $"SELECT id FROM events WHERE target IS NOT NULL AND ({FormatPlace("target", name, values)})" +
            $" AND +id >= {Bind(values, min)} AND +id <= {Bind(values, name.Before)}";
        return Query(sql + FormatOrigins(values) + _conditions + " ORDER BY +id DESC", values);
    }

    private static string FormatPlace(string column, Name name, List<SqlValue> values) =>
        // In ASCII, 0 follows the slash. Both databases order texts by their bytes here.
        $"({column} = {Bind(values, name.Path)} OR " +
        $"({column} >= {Bind(values, name.Path + "/")} AND {column} < {Bind(values, name.Path + "0")}))";

    /// <summary>
    /// Returns the name of an entry and its earlier names, each with the number of the last event that concerns the entry under this name.
    /// </summary>
    /// <param name="path">The escaped path.</param>
    /// <param name="before">The number of the last event that concerns it.</param>
    /// <param name="renames">Receives the numbers of the renames that were followed.</param>
    private Dictionary<string, Name>.ValueCollection FindNames(string path, long before, HashSet<long> renames)
    {
        var names = new Dictionary<string, Name>(StringComparer.Ordinal);
        // The latest names come first, so that a name is found with its last event.
        var queue = new PriorityQueue<Name, long>();
        queue.Enqueue(new Name(path, before), 0);
        while (names.Count < MaxNames && queue.TryDequeue(out Name name, out _))
        {
            if (!names.TryAdd(name.Path, name))
            {
                continue;
            }

            // A renamed directory renames all entries in it.
            for (int end = name.Path.Length; end > 0; end = name.Path.LastIndexOf('/', end - 1))
            {
                foreach ((long id, string source) in FindRenames(name.Path[..end], name.Before))
                {
                    renames.Add(id);
                    queue.Enqueue(new Name(source + name.Path[end..], id - 1), -id);
                }
            }
        }

        return names.Values;
    }

    /// <summary>Returns the number of a rename if all conditions select it, too.</summary>
    private IReadOnlyList<long> FindRename(long id)
    {
        var values = new List<SqlValue>(_values);
        string sql = $"SELECT id FROM events WHERE id = {Bind(values, id)}";
        return Query(sql + FormatOrigins(values) + _conditions, values);
    }

    private IReadOnlyList<(long Id, string Source)> FindRenames(string target, long before)
    {
        var values = new List<SqlValue>();
        string sql = $"SELECT id, path FROM events WHERE target = {Bind(values, target)}" +
            $" AND +type = {Bind(values, (long)EventType.Renamed)} AND +id <= {Bind(values, before)} AND path IS NOT NULL" +
            FormatOrigins(values, accountOnly: true);
        return _session.Query(sql, row => (row.GetRequiredInteger(0), row.GetRequiredText(1)), [.. values]);
    }

    private string FormatOrigins(List<SqlValue> values, bool accountOnly = false, bool usesIndex = false) => string.Concat(_origins
        .Where(origin => !accountOnly || origin.Column == "account")
        .Select(origin => $" AND {(usesIndex ? "" : "+")}{origin.Column} = {Bind(values, origin.Value)}"));

    /// <summary>Runs a query for numbers. One more than the limit is read, to find out whether older events exist.</summary>
    private IReadOnlyList<long> Query(string sql, List<SqlValue> values)
    {
        string limit = _filter.Limit is { } count ? $" LIMIT {Bind(values, count + 1L)}" : "";
        return _session.Query(sql + limit, row => row.GetRequiredInteger(0), [.. values]);
    }

    private string Bind(SqlValue value) => Bind(_values, value);

    private static string Bind(List<SqlValue> values, SqlValue value)
    {
        values.Add(value);
        return string.Create(CultureInfo.InvariantCulture, $"${values.Count}");
    }

    /// <summary>A name that an entry had.</summary>
    /// <param name="Path">The escaped path.</param>
    /// <param name="Before">The number of the last event that concerns the entry under this name.</param>
    private readonly record struct Name(string Path, long Before);
}
