using System.Buffers;
using Fts.Storage;

namespace Fts.Accounts.Journal;

/// <summary>An entry whose effects apply, but are not in the database yet.</summary>
/// <param name="Number">The number of the record that settled the entry.</param>
/// <param name="Entry">The entry.</param>
internal readonly record struct SettledEntry(long Number, JournalEntry Entry);

/// <summary>
/// The journal: the operations that run now, and the completed operations whose effects are not in the database yet. Thread-safe.
/// </summary>
/// <remarks>
/// A record is one write to a file. The kernel keeps it if the process is killed. Only a durable journal survives a failure of the machine.
/// A folder moves the effects to the database, and the journal then deletes its old files.
/// </remarks>
internal sealed class RecordJournal : IDisposable
{
    /// <summary>The length in bytes at which a new file is begun.</summary>
    private const long MaxFileBytes = 8 * 1024 * 1024;

    private readonly Lock _lock = new();
    private readonly string _directory;
    private readonly bool _isDurable;
    private readonly ArrayBufferWriter<byte> _buffer = new(1024);
    private readonly Dictionary<long, JournalEntry> _open = []; // intents by number
    private readonly Queue<SettledEntry> _settled = new();
    private readonly List<JournalFile> _old = []; // closed files whose records are not all in the database
    private readonly SemaphoreSlim _hasSettled = new(0, 1);
    private JournalFile _current;
    private long _lastNumber;
    private long _foldedThrough;
    private List<(JournalRecordKind Kind, long Intent)>? _unwritten; // ends of intents that could not be written

    private RecordJournal(string directory, bool isDurable, JournalFile current, long lastNumber, long foldedThrough) =>
        (_directory, _isDurable, _current, _lastNumber, _foldedThrough) = (directory, isDurable, current, lastNumber, foldedThrough);

    /// <summary>The number of settled entries that are not in the database yet.</summary>
    public int SettledCount
    {
        get
        {
            lock (_lock)
            {
                return _settled.Count;
            }
        }
    }

    /// <summary>Opens the journal of a directory, or creates it.</summary>
    /// <param name="directory">The real path of an existing directory, which the journal uses alone.</param>
    /// <param name="foldedThrough">The number of the last record whose effects are in the database.</param>
    /// <param name="isDurable">Whether each record is flushed to stable storage.</param>
    /// <param name="recovered">What the last process left.</param>
    /// <exception cref="IOException">The files cannot be read or written.</exception>
    public static RecordJournal Open(string directory, long foldedThrough, bool isDurable, out RecoveredJournal recovered)
    {
        ArgumentException.ThrowIfNullOrEmpty(directory);
        IReadOnlyList<long> generations = JournalFile.FindGenerations(directory);
        List<JournalRecord> records = ReadRecords(directory, generations, out long damagedBytes);
        recovered = RecoveredJournal.Create(records, foldedThrough, damagedBytes, isNew: generations.Count == 0 && foldedThrough == 0);
        long lastNumber = Math.Max(foldedThrough, records.Count == 0 ? 0 : records.Max(record => record.Number));
        JournalFile current = JournalFile.Create(directory, generations.Count == 0 ? 1 : generations[^1] + 1);
        var journal = new RecordJournal(directory, isDurable, current, lastNumber, foldedThrough);
        // The content of the old files is written again to the new file, so that the old files are no longer needed.
        journal.Restore(recovered);
        foreach (long generation in generations)
        {
            File.Delete(JournalFile.GetPath(directory, generation));
        }

        return journal;
    }

    /// <summary>Returns what the last process left in an existing directory. Changes nothing.</summary>
    /// <exception cref="IOException">The files cannot be read.</exception>
    public static RecoveredJournal Inspect(string directory, long foldedThrough)
    {
        IReadOnlyList<long> generations = JournalFile.FindGenerations(directory);
        List<JournalRecord> records = ReadRecords(directory, generations, out long damagedBytes);
        return RecoveredJournal.Create(records, foldedThrough, damagedBytes, isNew: generations.Count == 0 && foldedThrough == 0);
    }

    /// <summary>Writes an entry before its operation runs. Returns the number of the intent.</summary>
    /// <exception cref="StoreException">The entry cannot be written. The operation must not run.</exception>
    public long WriteIntent(JournalEntry entry)
    {
        lock (_lock)
        {
            long number = WriteRecord(JournalRecordKind.Intent, 0, entry);
            _open.Add(number, entry);
            return number;
        }
    }

    /// <summary>Records that the operation of an intent was completed.</summary>
    /// <exception cref="StoreException">
    /// The record cannot be written now. The journal writes it later. The operation must not be acknowledged.
    /// </exception>
    public void Settle(long intent) => End(JournalRecordKind.Settled, intent);

    /// <summary>Records that the operation of an intent changed nothing.</summary>
    public void Drop(long intent)
    {
        try
        {
            End(JournalRecordKind.Dropped, intent);
        }
        catch (StoreException)
        {
            // The journal writes the record later. Nobody waits for it, because the operation has failed already.
        }
    }

    /// <summary>Writes an entry without an operation.</summary>
    /// <exception cref="StoreException">The entry cannot be written.</exception>
    public void WriteEffect(JournalEntry entry)
    {
        lock (_lock)
        {
            long number = WriteRecord(JournalRecordKind.Effect, 0, entry);
            Enqueue(new SettledEntry(number, entry));
        }
    }

    /// <summary>Waits until a settled entry may exist.</summary>
    public Task WaitForSettledAsync(CancellationToken cancellationToken) => _hasSettled.WaitAsync(cancellationToken);

    /// <summary>Ends a wait of <see cref="WaitForSettledAsync"/>.</summary>
    public void SignalSettled()
    {
        lock (_lock)
        {
            Signal();
        }
    }

    /// <summary>Returns up to <paramref name="maxCount"/> settled entries, the oldest first. They stay in the journal.</summary>
    public IReadOnlyList<SettledEntry> PeekSettled(int maxCount)
    {
        lock (_lock)
        {
            WriteUnwritten();
            if (_current.Length > MaxFileBytes)
            {
                BeginNewFile();
            }

            return [.. _settled.Take(maxCount)];
        }
    }

    /// <summary>Removes the settled entries whose effects are now in the database, and deletes files that are no longer needed.</summary>
    /// <param name="foldedThrough">The number of the last such entry.</param>
    public void RemoveFolded(long foldedThrough)
    {
        lock (_lock)
        {
            _foldedThrough = foldedThrough;
            while (_settled.TryPeek(out SettledEntry settled) && settled.Number <= foldedThrough)
            {
                _settled.Dequeue();
            }

            DeleteFoldedFiles();
            if (_settled.Count > 0)
            {
                Signal();
            }
        }
    }

    /// <summary>
    /// Records that the server stops. Has no effect if an operation still runs. A journal that ends with this record needs no count of the
    /// quotas at the next start.
    /// </summary>
    public void WriteStopped()
    {
        lock (_lock)
        {
            if (_open.Count == 0)
            {
                WriteRecord(JournalRecordKind.Stopped, 0, null);
            }
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            _current.Dispose();
            _hasSettled.Dispose();
        }
    }

    private static List<JournalRecord> ReadRecords(string directory, IReadOnlyList<long> generations, out long damagedBytes)
    {
        var records = new List<JournalRecord>();
        damagedBytes = 0;
        foreach (long generation in generations)
        {
            damagedBytes += JournalFile.ReadRecords(JournalFile.GetPath(directory, generation), records);
        }

        return records;
    }

    private void Restore(RecoveredJournal recovered)
    {
        foreach (SettledEntry settled in recovered.Settled)
        {
            Write(new JournalRecord(JournalRecordKind.Effect, settled.Number, 0, settled.Entry));
            Enqueue(settled);
        }

        foreach ((long number, JournalEntry entry) in recovered.Open)
        {
            Write(new JournalRecord(JournalRecordKind.Intent, number, 0, entry));
            _open.Add(number, entry);
        }
    }

    private void End(JournalRecordKind kind, long intent)
    {
        lock (_lock)
        {
            try
            {
                WriteEnd(kind, intent);
            }
            catch (StoreException)
            {
                (_unwritten ??= []).Add((kind, intent));
                Signal();
                throw;
            }
        }
    }

    /// <summary>Writes the ends of intents that could not be written before, unless the disk is still full.</summary>
    private void WriteUnwritten()
    {
        try
        {
            while (_unwritten is [(JournalRecordKind kind, long intent), ..])
            {
                WriteEnd(kind, intent);
                _unwritten.RemoveAt(0);
            }
        }
        catch (StoreException)
        {
            // The folder tries again later.
        }
    }

    private void WriteEnd(JournalRecordKind kind, long intent)
    {
        long number = WriteRecord(kind, intent, null);
        _open.Remove(intent, out JournalEntry? entry);
        if (kind == JournalRecordKind.Settled)
        {
            Enqueue(new SettledEntry(number, entry!));
        }
    }

    private void Enqueue(SettledEntry settled)
    {
        _settled.Enqueue(settled);
        Signal();
    }

    private void Signal()
    {
        if (_hasSettled.CurrentCount == 0)
        {
            _hasSettled.Release();
        }
    }

    private long WriteRecord(JournalRecordKind kind, long intent, JournalEntry? entry)
    {
        long number = _lastNumber + 1;
        Write(new JournalRecord(kind, number, intent, entry));
        _lastNumber = number;
        return number;
    }

    private void Write(in JournalRecord record)
    {
        _buffer.ResetWrittenCount();
        JournalCodec.Write(_buffer, record);
        try
        {
            _current.Append(_buffer.WrittenSpan, _isDurable);
        }
        catch (IOException e)
        {
            throw new StoreException(StoreError.NoSpace, $"The journal {_current.Path} cannot be written: {e.Message}", e);
        }

        _current.LastNumber = Math.Max(_current.LastNumber, record.Number);
    }

    /// <summary>Begins a new file with all open intents, so that the old file needs only its settled entries.</summary>
    private void BeginNewFile()
    {
        JournalFile full = _current;
        try
        {
            _current = JournalFile.Create(_directory, full.Generation + 1);
            foreach ((long number, JournalEntry entry) in _open)
            {
                Write(new JournalRecord(JournalRecordKind.Intent, number, 0, entry));
            }

            _old.Add(full);
            full.Dispose();
        }
        catch (Exception e) when (e is IOException or StoreException or UnauthorizedAccessException)
        {
            // The full file stays in use. The next call tries again.
            if (_current != full)
            {
                _current.Dispose();
                File.Delete(_current.Path);
                _current = full;
            }
        }
    }

    private void DeleteFoldedFiles()
    {
        while (_old is [var oldest, ..] && oldest.LastNumber <= _foldedThrough)
        {
            File.Delete(oldest.Path);
            _old.RemoveAt(0);
        }
    }
}
