using System.Globalization;

namespace Fts.Server.Tests.Model;

/// <summary>The expected replies of a step: their codes in order, and the expected text of the last reply or of the data.</summary>
internal sealed record ExpectedReply(int[] Codes, string? Text = null, string? Data = null)
{
    public static ExpectedReply Of(params int[] codes) => new(codes);
}

/// <summary>
/// A model of one session according to the standards, independent of the server's code. It predicts the replies to each step and the
/// resulting files.
/// </summary>
internal sealed class SessionModel
{
    private bool _hasData, _isExtendedPassiveOnly;
    private string? _user;
    private bool _isLoggedIn, _isAscii = true;
    private SequenceModel _next = new();
    private string? _lastPartialSizePath;
    private readonly HashSet<string> _suppressedPartialSizes = new(StringComparer.Ordinal);

    public ModelTree Tree { get; } = new();

    /// <summary>Returns whether the step, if it were the next, would start an upload, so that the client has data to send.</summary>
    public bool StartsUpload(Step step) => Clone().Apply(step).Codes[0] == 150 && step.Verb is "STOR" or "APPE";

    /// <summary>Applies a step to the model and returns the expected replies.</summary>
    public ExpectedReply Apply(Step step)
    {
        SequenceModel sequence = _next;
        if (!PreservesSequence(step.Verb))
        {
            _next = new SequenceModel();
        }

        return step.Verb switch
        {
            "WHAT" => ExpectedReply.Of(500),
            "NOOP" => ExpectedReply.Of(200),
            "SYST" => ExpectedReply.Of(215),
            "STAT" => ExpectedReply.Of(211),
            "ABOR" => DiscardDataConnection(226),
            "REIN" => ResetSession(220),
            "USER" => SetUser(step.Argument),
            "PASS" => Password(),
            _ when !_isLoggedIn => ExpectedReply.Of(530),
            "TYPE" => Type(step.Argument),
            "STRU" or "MODE" => ExpectedReply.Of(step.Argument is "F" or "S" ? 200 : 504),
            "EPSV" => ExtendedPassive(step.Argument),
            "PASV" => _isExtendedPassiveOnly ? ExpectedReply.Of(503) : PreparePassive(227),
            "REST" => Restart(step.Argument),
            "RANG" => Range(step.Argument),
            "ALLO" => Announce(step.Argument),
            _ => ApplyCommand(step, sequence),
        };
    }

    private ExpectedReply ApplyCommand(Step step, SequenceModel sequence)
    {
        if (step.Argument.Length == 0 && step.Verb is not ("PWD" or "CDUP"))
        {
            return ExpectedReply.Of(501);
        }

        string path = Tree.Resolve(step.Argument.Split(' ')[^1]);
        switch (step.Verb)
        {
            case "PWD":
                return new ExpectedReply([257], $"\"{Tree.WorkingDirectory}\"");
            case "CWD" or "CDUP":
                return Done(Tree.Enter(step.Verb == "CDUP" ? ".." : step.Argument));
            case "MKD":
                return Tree.CreateDirectory(path) ? new ExpectedReply([257], $"\"{path}\"") : ExpectedReply.Of(550);
            case "RMD":
                return Done(Tree.DeleteDirectory(path));
            case "DELE":
                return Done(Tree.DeleteFile(path));
            case "SIZE":
                return _isAscii ? ExpectedReply.Of(550) : Size(path);
            case "MLST":
                return Done(Tree.Exists(path));
            case "RNFR":
                _next.RenameSource = path != "/" && Tree.Exists(path) ? path : null;
                return ExpectedReply.Of(_next.RenameSource is null ? 550 : 350);
            case "RNTO":
                return sequence.RenameSource is null ? ExpectedReply.Of(503) : Done(Tree.Rename(sequence.RenameSource, path));
            case "SITE":
                return step.Argument.StartsWith("CPFR", StringComparison.Ordinal) ? CopyFrom(path) : CopyTo(sequence, path);
            case "RETR":
                return _hasData ? Retrieve(sequence, path) : ExpectedReply.Of(425);
            default:
                return _hasData ? Store(step, sequence, path) : ExpectedReply.Of(425);
        }
    }

    private ExpectedReply Retrieve(SequenceModel sequence, string path)
    {
        if (_isAscii && sequence.Last is not null)
        {
            return ExpectedReply.Of(551);
        }

        if (_isAscii && sequence.Offset > 0)
        {
            return ExpectedReply.Of(550);
        }

        // The last SIZE reported the partial upload, so a client would expect the wrong number of bytes.
        if (_lastPartialSizePath == path && Tree.GetPartialUpload(path) is not null)
        {
            _suppressedPartialSizes.Add(path);
            _lastPartialSizePath = null;
            return ExpectedReply.Of(450);
        }

        if (Tree.File(path) is not { } file)
        {
            return ExpectedReply.Of(550);
        }

        if (sequence.Offset > file.Length && sequence.Last is null)
        {
            return ExpectedReply.Of(554);
        }

        // A range beyond the end is empty, which is not an error.
        _hasData = false;
        int end = (int)Math.Min(file.Length, sequence.Last + 1 ?? file.Length);
        string part = file[(int)Math.Min(sequence.Offset, end)..end];
        return new ExpectedReply([150, 226], Data: _isAscii ? part.Replace("\n", "\r\n", StringComparison.Ordinal) : part);
    }

    private ExpectedReply Size(string path)
    {
        (string? partialUpload, string? file) = (Tree.GetPartialUpload(path), Tree.File(path));
        bool isAmbiguous = partialUpload is not null && file is not null && file.Length != partialUpload.Length;
        if (isAmbiguous && _suppressedPartialSizes.Contains(path))
        {
            return ExpectedReply.Of(550);
        }

        _lastPartialSizePath = isAmbiguous ? path : _lastPartialSizePath == path ? null : _lastPartialSizePath;
        return (partialUpload ?? file) is { } reported ? new ExpectedReply([213], reported.Length.ToString(CultureInfo.InvariantCulture))
            : ExpectedReply.Of(550);
    }

    private ExpectedReply Store(Step step, SequenceModel sequence, string path)
    {
        bool appends = step.Verb == "APPE";
        if (_isAscii && sequence.Offset > 0 && !appends)
        {
            return ExpectedReply.Of(550);
        }

        if (sequence.Last is not null)
        {
            return ExpectedReply.Of(503);
        }

        _suppressedPartialSizes.Remove(path);
        if (!Tree.CanStore(path))
        {
            return ExpectedReply.Of(550);
        }

        // APPE and a restart resume the partial upload. A new upload discards it.
        string? partialUpload = appends || sequence.Offset > 0 ? Tree.GetPartialUpload(path) : null;
        string existing = partialUpload ?? Tree.File(path) ?? "";
        int start = appends ? existing.Length : (int)Math.Min(sequence.Offset, int.MaxValue);
        if (start > existing.Length)
        {
            return ExpectedReply.Of(554);
        }

        _hasData = false;
        Tree.DiscardPartialUpload(path);
        if (step.End is UploadEnd.Abort or UploadEnd.Reset)
        {
            string half = step.Content[..(step.Content.Length / 2)];
            if ((partialUpload is not null || (half.Length > 0 && !_isAscii)) && (_isAscii || !(sequence.Announced < half.Length))
                && !IsMostlyCopied(half))
            {
                Tree.KeepPartialUpload(path, half.Length == 0 ? existing : existing[..start] + half);
            }

            return step.End == UploadEnd.Abort ? DiscardDataConnection(150, 426, 226) : ExpectedReply.Of(150, 426);
        }

        int[] codes = step.End == UploadEnd.CompleteAfterStatus ? [150, 211, 200] : [150];
        if (!_isAscii && sequence.Announced is { } announced && announced != step.Content.Length
            && announced != start + step.Content.Length)
        {
            if (step.Content.Length < announced && (partialUpload is not null || step.Content.Length > 0) && !IsMostlyCopied(step.Content))
            {
                Tree.KeepPartialUpload(path, step.Content.Length == 0 ? existing : existing[..start] + step.Content);
            }

            return ExpectedReply.Of([.. codes, 451]);
        }

        int end = start + step.Content.Length;
        Tree.Store(path,
            existing[..start] + step.Content + (partialUpload is null && start > 0 && end < existing.Length ? existing[end..] : ""));
        return ExpectedReply.Of([.. codes, 226]);

        // A truncated upload that began as a copy of the committed file is not kept if it received fewer bytes than were copied. (All are
        // below 16 MiB here.)
        bool IsMostlyCopied(string received) => partialUpload is null && received.Length < start;
    }

    private ExpectedReply SetUser(string user)
    {
        ResetSession(331);
        _user = user;
        return ExpectedReply.Of(331);
    }

    private ExpectedReply Password()
    {
        if (_isLoggedIn || _user is null)
        {
            return ExpectedReply.Of(503);
        }

        _isLoggedIn = _user == "anonymous";
        _user = null;
        return ExpectedReply.Of(_isLoggedIn ? 230 : 530);
    }

    private ExpectedReply ResetSession(int code)
    {
        (_user, _isLoggedIn, _isAscii, _hasData, _isExtendedPassiveOnly, _next, _lastPartialSizePath) =
            (null, false, true, false, false, new SequenceModel(), null);
        Tree.Enter("/");
        return ExpectedReply.Of(code);
    }

    private ExpectedReply Type(string type)
    {
        _isAscii = type == "A" || (type != "I" && _isAscii);
        return ExpectedReply.Of(type is "A" or "I" ? 200 : type == "E" ? 504 : 501);
    }

    private ExpectedReply ExtendedPassive(string argument)
    {
        _isExtendedPassiveOnly |= argument == "ALL";
        return argument.Length == 0 ? PreparePassive(229) : ExpectedReply.Of(argument == "ALL" ? 200 : 522);
    }

    private ExpectedReply PreparePassive(int code)
    {
        _hasData = true;
        return ExpectedReply.Of(code);
    }

    private ExpectedReply DiscardDataConnection(params int[] codes)
    {
        _hasData = false;
        return new ExpectedReply(codes);
    }

    private ExpectedReply Restart(string argument)
    {
        if (!long.TryParse(argument, NumberStyles.None, CultureInfo.InvariantCulture, out long offset))
        {
            return ExpectedReply.Of(501);
        }

        (_next.Offset, _next.Last) = (offset, null);
        return ExpectedReply.Of(350);
    }

    private ExpectedReply Range(string argument)
    {
        long[] bounds = [.. argument.Split(' ').Select(number => long.Parse(number, CultureInfo.InvariantCulture))];
        bool isPart = bounds[0] <= bounds[1];
        (_next.Offset, _next.Last) = (isPart ? bounds[0] : 0, isPart ? bounds[1] : null);
        return ExpectedReply.Of(isPart || bounds is [1, 0] ? 350 : 501);
    }

    private ExpectedReply Announce(string argument)
    {
        _next.Announced = long.Parse(argument, CultureInfo.InvariantCulture);
        return ExpectedReply.Of(200);
    }

    private ExpectedReply CopyFrom(string path)
    {
        _next.CopySource = Tree.File(path) is null ? null : path;
        return ExpectedReply.Of(_next.CopySource is null ? 550 : 350);
    }

    private ExpectedReply CopyTo(SequenceModel sequence, string path)
    {
        if (sequence.CopySource is null)
        {
            return ExpectedReply.Of(503);
        }

        // CPFR resolved the path, but the file may have been deleted since.
        return Tree.CanStore(path) && Tree.File(sequence.CopySource) is { } content ? Done(Tree.Store(path, content))
            : ExpectedReply.Of(550);
    }

    private SessionModel Clone()
    {
        var clone = new SessionModel { _hasData = _hasData, _isExtendedPassiveOnly = _isExtendedPassiveOnly, _user = _user,
            _isLoggedIn = _isLoggedIn,
            _isAscii = _isAscii, _next = _next.Copy() };
        clone.Tree.CopyFrom(Tree);
        clone._lastPartialSizePath = _lastPartialSizePath;
        clone._suppressedPartialSizes.UnionWith(_suppressedPartialSizes);
        return clone;
    }

    private static ExpectedReply Done(bool done) => ExpectedReply.Of(done ? 250 : 550);

    /// <summary>Returns whether a command may be sent between REST, RANG, ALLO, RNFR or CPFR and the command that they apply to.</summary>
    private static bool PreservesSequence(string verb) =>
        verb is "TYPE" or "MODE" or "STRU" or "PASV" or "EPSV" or "REST" or "RANG" or "ALLO" or "SIZE" or "MLST" or "STAT" or "SYST"
            or "NOOP" or "WHAT";

    /// <summary>The parameters that earlier commands set for the next one.</summary>
    private sealed class SequenceModel
    {
        public long Offset { get; set; }

        public long? Last { get; set; }

        public long? Announced { get; set; }

        public string? RenameSource { get; set; }

        public string? CopySource { get; set; }

        public SequenceModel Copy() => (SequenceModel)MemberwiseClone();
    }
}
