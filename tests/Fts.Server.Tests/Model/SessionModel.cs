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
    private bool _hasData, _onlyExtended;
    private string? _user;
    private bool _isSignedIn, _isAscii = true;
    private SequenceModel _before = new();
    private string? _lastPartialSizePath;
    private readonly HashSet<string> _suppressedPartialSizes = new(StringComparer.Ordinal);

    public ModelTree Tree { get; } = new();

    /// <summary>Returns whether the step, if it were the next, would start an upload, so that the client has data to send.</summary>
    public bool Uploads(Step step) => Clone().Apply(step).Codes[0] == 150 && step.Verb is "STOR" or "APPE";

    /// <summary>Applies a step to the model and returns the expected replies.</summary>
    public ExpectedReply Apply(Step step)
    {
        SequenceModel before = _before;
        if (!PreservesSequence(step.Verb))
        {
            _before = new SequenceModel();
        }

        return step.Verb switch
        {
            "WHAT" => ExpectedReply.Of(500),
            "NOOP" => ExpectedReply.Of(200),
            "SYST" => ExpectedReply.Of(215),
            "STAT" => ExpectedReply.Of(211),
            "ABOR" => Forget(226),
            "REIN" => Restart(220),
            "USER" => Named(step.Argument),
            "PASS" => Password(),
            _ when !_isSignedIn => ExpectedReply.Of(530),
            "TYPE" => Type(step.Argument),
            "STRU" or "MODE" => ExpectedReply.Of(step.Argument is "F" or "S" ? 200 : 504),
            "EPSV" => ExtendedPassive(step.Argument),
            "PASV" => _onlyExtended ? ExpectedReply.Of(503) : Listening(227),
            "REST" => Restart(step.Argument),
            "RANG" => Range(step.Argument),
            "ALLO" => Announce(step.Argument),
            _ => ApplyCommand(step, before),
        };
    }

    private ExpectedReply ApplyCommand(Step step, SequenceModel before)
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
                _before.RenameSource = path != "/" && Tree.Exists(path) ? path : null;
                return ExpectedReply.Of(_before.RenameSource is null ? 550 : 350);
            case "RNTO":
                return before.RenameSource is null ? ExpectedReply.Of(503) : Done(Tree.Rename(before.RenameSource, path));
            case "SITE":
                return step.Argument.StartsWith("CPFR", StringComparison.Ordinal) ? CopyFrom(path) : CopyTo(before, path);
            case "RETR":
                return _hasData ? Retrieve(before, path) : ExpectedReply.Of(425);
            default:
                return _hasData ? Store(step, before, path) : ExpectedReply.Of(425);
        }
    }

    private ExpectedReply Retrieve(SequenceModel before, string path)
    {
        if (_isAscii && before.Last is not null)
        {
            return ExpectedReply.Of(551);
        }

        if (_isAscii && before.Offset > 0)
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

        if (before.Offset > file.Length && before.Last is null)
        {
            return ExpectedReply.Of(554);
        }

        // A range beyond the end is empty, which is not an error.
        _hasData = false;
        int end = (int)Math.Min(file.Length, before.Last + 1 ?? file.Length);
        string part = file[(int)Math.Min(before.Offset, end)..end];
        return new ExpectedReply([150, 226], Data: _isAscii ? part.Replace("\n", "\r\n", StringComparison.Ordinal) : part);
    }

    private ExpectedReply Size(string path)
    {
        (string? pending, string? file) = (Tree.GetPartialUpload(path), Tree.File(path));
        bool isDoubtful = pending is not null && file is not null && file.Length != pending.Length;
        if (isDoubtful && _suppressedPartialSizes.Contains(path))
        {
            return ExpectedReply.Of(550);
        }

        _lastPartialSizePath = isDoubtful ? path : _lastPartialSizePath == path ? null : _lastPartialSizePath;
        return (pending ?? file) is { } told ? new ExpectedReply([213], told.Length.ToString(CultureInfo.InvariantCulture))
            : ExpectedReply.Of(550);
    }

    private ExpectedReply Store(Step step, SequenceModel before, string path)
    {
        bool appends = step.Verb == "APPE";
        if (_isAscii && before.Offset > 0 && !appends)
        {
            return ExpectedReply.Of(550);
        }

        if (before.Last is not null)
        {
            return ExpectedReply.Of(503);
        }

        _suppressedPartialSizes.Remove(path);
        if (!Tree.CanStore(path))
        {
            return ExpectedReply.Of(550);
        }

        // APPE and a restart resume the partial upload. A new upload discards it.
        string? continued = appends || before.Offset > 0 ? Tree.GetPartialUpload(path) : null;
        string there = continued ?? Tree.File(path) ?? "";
        int start = appends ? there.Length : (int)Math.Min(before.Offset, int.MaxValue);
        if (start > there.Length)
        {
            return ExpectedReply.Of(554);
        }

        _hasData = false;
        Tree.DiscardPartialUpload(path);
        if (step.End is UploadEnd.Abort or UploadEnd.Reset)
        {
            string half = step.Content[..(step.Content.Length / 2)];
            if ((continued is not null || (half.Length > 0 && !_isAscii)) && (_isAscii || !(before.Announced < half.Length))
                && !IsMostlyCopied(half))
            {
                Tree.KeepPartialUpload(path, half.Length == 0 ? there : there[..start] + half);
            }

            return step.End == UploadEnd.Abort ? Forget(150, 426, 226) : ExpectedReply.Of(150, 426);
        }

        int[] codes = step.End == UploadEnd.WholeAfterQuestions ? [150, 211, 200] : [150];
        if (!_isAscii && before.Announced is { } announced && announced != step.Content.Length && announced != start + step.Content.Length)
        {
            if (step.Content.Length < announced && (continued is not null || step.Content.Length > 0) && !IsMostlyCopied(step.Content))
            {
                Tree.KeepPartialUpload(path, step.Content.Length == 0 ? there : there[..start] + step.Content);
            }

            return ExpectedReply.Of([.. codes, 451]);
        }

        int end = start + step.Content.Length;
        Tree.Store(path, there[..start] + step.Content + (continued is null && start > 0 && end < there.Length ? there[end..] : ""));
        return ExpectedReply.Of([.. codes, 226]);

        // A truncated upload that began as a copy of the committed file is not kept if it received fewer bytes than were copied. (All are
        // below 16 MiB here.)
        bool IsMostlyCopied(string received) => continued is null && received.Length < start;
    }

    private ExpectedReply Named(string user)
    {
        Restart(331);
        _user = user;
        return ExpectedReply.Of(331);
    }

    private ExpectedReply Password()
    {
        if (_isSignedIn || _user is null)
        {
            return ExpectedReply.Of(503);
        }

        _isSignedIn = _user == "anonymous";
        _user = null;
        return ExpectedReply.Of(_isSignedIn ? 230 : 530);
    }

    private ExpectedReply Restart(int code)
    {
        (_user, _isSignedIn, _isAscii, _hasData, _onlyExtended, _before, _lastPartialSizePath) =
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
        _onlyExtended |= argument == "ALL";
        return argument.Length == 0 ? Listening(229) : ExpectedReply.Of(argument == "ALL" ? 200 : 522);
    }

    private ExpectedReply Listening(int code)
    {
        _hasData = true;
        return ExpectedReply.Of(code);
    }

    private ExpectedReply Forget(params int[] codes)
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

        (_before.Offset, _before.Last) = (offset, null);
        return ExpectedReply.Of(350);
    }

    private ExpectedReply Range(string argument)
    {
        long[] bounds = [.. argument.Split(' ').Select(number => long.Parse(number, CultureInfo.InvariantCulture))];
        bool isPart = bounds[0] <= bounds[1];
        (_before.Offset, _before.Last) = (isPart ? bounds[0] : 0, isPart ? bounds[1] : null);
        return ExpectedReply.Of(isPart || bounds is [1, 0] ? 350 : 501);
    }

    private ExpectedReply Announce(string argument)
    {
        _before.Announced = long.Parse(argument, CultureInfo.InvariantCulture);
        return ExpectedReply.Of(200);
    }

    private ExpectedReply CopyFrom(string path)
    {
        _before.CopySource = Tree.File(path) is null ? null : path;
        return ExpectedReply.Of(_before.CopySource is null ? 550 : 350);
    }

    private ExpectedReply CopyTo(SequenceModel before, string path)
    {
        if (before.CopySource is null)
        {
            return ExpectedReply.Of(503);
        }

        // CPFR resolved the path, but the file may have been deleted since.
        return Tree.CanStore(path) && Tree.File(before.CopySource) is { } content ? Done(Tree.Store(path, content)) : ExpectedReply.Of(550);
    }

    private SessionModel Clone()
    {
        var clone = new SessionModel { _hasData = _hasData, _onlyExtended = _onlyExtended, _user = _user, _isSignedIn = _isSignedIn,
            _isAscii = _isAscii, _before = _before.Copy() };
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
