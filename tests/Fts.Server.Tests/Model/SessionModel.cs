using System.Globalization;

namespace Fts.Server.Tests.Model;

/// <summary>What a step must be answered with: the codes of its replies in order, and what the last one, or the data connection, must tell.</summary>
internal sealed record Answer(int[] Codes, string? Text = null, string? Data = null)
{
    public static Answer Of(params int[] codes) => new(codes);
}

/// <summary>
/// The state of one session as the standards have it, in the simplest form there is: it knows nothing of the server's code. It tells for each step what
/// the server must answer, and what the files must be afterwards.
/// </summary>
internal sealed class SessionModel
{
    private bool _hasData, _onlyExtended;
    private string? _user;
    private bool _isSignedIn, _isAscii = true;
    private Before _before = new();
    private string? _misled;
    private readonly HashSet<string> _doubtful = new(StringComparer.Ordinal);

    public ModelTree Tree { get; } = new();

    /// <summary>Whether the step, were it the next, begins an upload: then the client has something to send.</summary>
    public bool Uploads(Step step) => Clone().Apply(step).Codes[0] == 150 && step.Verb is "STOR" or "APPE";

    /// <summary>What this step is answered with; the state becomes what it leaves behind.</summary>
    public Answer Apply(Step step)
    {
        Before before = _before;
        if (!IsNeutral(step.Verb))
        {
            _before = new Before();
        }

        return step.Verb switch
        {
            "WHAT" => Answer.Of(500),
            "NOOP" => Answer.Of(200),
            "SYST" => Answer.Of(215),
            "STAT" => Answer.Of(211),
            "ABOR" => Forget(226),
            "REIN" => Restart(220),
            "USER" => Named(step.Argument),
            "PASS" => Password(),
            _ when !_isSignedIn => Answer.Of(530),
            "TYPE" => Type(step.Argument),
            "STRU" or "MODE" => Answer.Of(step.Argument is "F" or "S" ? 200 : 504),
            "EPSV" => ExtendedPassive(step.Argument),
            "PASV" => _onlyExtended ? Answer.Of(503) : Listening(227),
            "REST" => Restart(step.Argument),
            "RANG" => Range(step.Argument),
            "ALLO" => Announce(step.Argument),
            _ => Act(step, before),
        };
    }

    private Answer Act(Step step, Before before)
    {
        if (step.Argument.Length == 0 && step.Verb is not ("PWD" or "CDUP"))
        {
            return Answer.Of(501);
        }

        string path = Tree.Resolve(step.Argument.Split(' ')[^1]);
        switch (step.Verb)
        {
            case "PWD":
                return new Answer([257], $"\"{Tree.Folder}\"");
            case "CWD" or "CDUP":
                return Done(Tree.Enter(step.Verb == "CDUP" ? ".." : step.Argument));
            case "MKD":
                return Tree.MakeFolder(path) ? new Answer([257], $"\"{path}\"") : Answer.Of(550);
            case "RMD":
                return Done(Tree.RemoveFolder(path));
            case "DELE":
                return Done(Tree.RemoveFile(path));
            case "SIZE":
                return _isAscii ? Answer.Of(550) : Size(path);
            case "MLST":
                return Done(Tree.Exists(path));
            case "RNFR":
                _before.RenameSource = path != "/" && Tree.Exists(path) ? path : null;
                return Answer.Of(_before.RenameSource is null ? 550 : 350);
            case "RNTO":
                return before.RenameSource is null ? Answer.Of(503) : Done(Tree.Rename(before.RenameSource, path));
            case "SITE":
                return step.Argument.StartsWith("CPFR", StringComparison.Ordinal) ? CopyFrom(path) : CopyTo(before, path);
            case "RETR":
                return _hasData ? Retrieve(before, path) : Answer.Of(425);
            default:
                return _hasData ? Store(step, before, path) : Answer.Of(425);
        }
    }

    private Answer Retrieve(Before before, string path)
    {
        if (_isAscii && before.Last is not null)
        {
            return Answer.Of(551);
        }

        if (_isAscii && before.Offset > 0)
        {
            return Answer.Of(550);
        }

        // SIZE told of the upload, not of the file: who believes it would take less, or wait for more.
        if (_misled == path && Tree.Pending(path) is not null)
        {
            _doubtful.Add(path);
            _misled = null;
            return Answer.Of(450);
        }

        if (Tree.File(path) is not { } file)
        {
            return Answer.Of(550);
        }

        if (before.Offset > file.Length && before.Last is null)
        {
            return Answer.Of(554);
        }

        // Of a part that begins past the end there is nothing to send, which is no error.
        _hasData = false;
        int end = (int)Math.Min(file.Length, before.Last + 1 ?? file.Length);
        string part = file[(int)Math.Min(before.Offset, end)..end];
        return new Answer([150, 226], Data: _isAscii ? part.Replace("\n", "\r\n", StringComparison.Ordinal) : part);
    }

    private Answer Size(string path)
    {
        (string? pending, string? file) = (Tree.Pending(path), Tree.File(path));
        bool isDoubtful = pending is not null && file is not null && file.Length != pending.Length;
        if (isDoubtful && _doubtful.Contains(path))
        {
            return Answer.Of(550);
        }

        _misled = isDoubtful ? path : _misled == path ? null : _misled;
        return (pending ?? file) is { } told ? new Answer([213], told.Length.ToString(CultureInfo.InvariantCulture)) : Answer.Of(550);
    }

    private Answer Store(Step step, Before before, string path)
    {
        bool appends = step.Verb == "APPE";
        if (_isAscii && before.Offset > 0 && !appends)
        {
            return Answer.Of(550);
        }

        if (before.Last is not null)
        {
            return Answer.Of(503);
        }

        _doubtful.Remove(path);
        if (!Tree.CanStore(path))
        {
            return Answer.Of(550);
        }

        // What broke off is what is gone on with; who begins anew gives it up.
        string? continued = appends || before.Offset > 0 ? Tree.Pending(path) : null;
        string there = continued ?? Tree.File(path) ?? "";
        int start = appends ? there.Length : (int)Math.Min(before.Offset, int.MaxValue);
        if (start > there.Length)
        {
            return Answer.Of(554);
        }

        _hasData = false;
        Tree.GiveUp(path);
        if (step.End is UploadEnd.Abort or UploadEnd.Reset)
        {
            string half = step.Content[..(step.Content.Length / 2)];
            if ((continued is not null || (half.Length > 0 && !_isAscii)) && (_isAscii || !(before.Announced < half.Length)) && !IsMostlyCopied(half))
            {
                Tree.Keep(path, half.Length == 0 ? there : there[..start] + half);
            }

            return step.End == UploadEnd.Abort ? Forget(150, 426, 226) : Answer.Of(150, 426);
        }

        int[] codes = step.End == UploadEnd.WholeAfterQuestions ? [150, 211, 200] : [150];
        if (!_isAscii && before.Announced is { } announced && announced != step.Content.Length && announced != start + step.Content.Length)
        {
            if (step.Content.Length < announced && (continued is not null || step.Content.Length > 0) && !IsMostlyCopied(step.Content))
            {
                Tree.Keep(path, step.Content.Length == 0 ? there : there[..start] + step.Content);
            }

            return Answer.Of([.. codes, 451]);
        }

        int end = start + step.Content.Length;
        Tree.Store(path, there[..start] + step.Content + (continued is null && start > 0 && end < there.Length ? there[end..] : ""));
        return Answer.Of([.. codes, 226]);

        // A truncated upload that began as a copy of the committed file is not kept if it received fewer bytes than were copied. (All are below 16 MiB here.)
        bool IsMostlyCopied(string received) => continued is null && received.Length < start;
    }

    private Answer Named(string user)
    {
        Restart(331);
        _user = user;
        return Answer.Of(331);
    }

    private Answer Password()
    {
        if (_isSignedIn || _user is null)
        {
            return Answer.Of(503);
        }

        _isSignedIn = _user == "anonymous";
        _user = null;
        return Answer.Of(_isSignedIn ? 230 : 530);
    }

    private Answer Restart(int code)
    {
        (_user, _isSignedIn, _isAscii, _hasData, _onlyExtended, _before, _misled) = (null, false, true, false, false, new Before(), null);
        Tree.Enter("/");
        return Answer.Of(code);
    }

    private Answer Type(string type)
    {
        _isAscii = type == "A" || (type != "I" && _isAscii);
        return Answer.Of(type is "A" or "I" ? 200 : type == "E" ? 504 : 501);
    }

    private Answer ExtendedPassive(string argument)
    {
        _onlyExtended |= argument == "ALL";
        return argument.Length == 0 ? Listening(229) : Answer.Of(argument == "ALL" ? 200 : 522);
    }

    private Answer Listening(int code)
    {
        _hasData = true;
        return Answer.Of(code);
    }

    private Answer Forget(params int[] codes)
    {
        _hasData = false;
        return new Answer(codes);
    }

    private Answer Restart(string argument)
    {
        if (!long.TryParse(argument, NumberStyles.None, CultureInfo.InvariantCulture, out long offset))
        {
            return Answer.Of(501);
        }

        (_before.Offset, _before.Last) = (offset, null);
        return Answer.Of(350);
    }

    private Answer Range(string argument)
    {
        long[] bounds = [.. argument.Split(' ').Select(number => long.Parse(number, CultureInfo.InvariantCulture))];
        bool isPart = bounds[0] <= bounds[1];
        (_before.Offset, _before.Last) = (isPart ? bounds[0] : 0, isPart ? bounds[1] : null);
        return Answer.Of(isPart || bounds is [1, 0] ? 350 : 501);
    }

    private Answer Announce(string argument)
    {
        _before.Announced = long.Parse(argument, CultureInfo.InvariantCulture);
        return Answer.Of(200);
    }

    private Answer CopyFrom(string path)
    {
        _before.CopySource = Tree.File(path) is null ? null : path;
        return Answer.Of(_before.CopySource is null ? 550 : 350);
    }

    private Answer CopyTo(Before before, string path)
    {
        if (before.CopySource is null)
        {
            return Answer.Of(503);
        }

        // Resolved when it was named: the file may have gone since.
        return Tree.CanStore(path) && Tree.File(before.CopySource) is { } content ? Done(Tree.Store(path, content)) : Answer.Of(550);
    }

    private SessionModel Clone()
    {
        var clone = new SessionModel { _hasData = _hasData, _onlyExtended = _onlyExtended, _user = _user, _isSignedIn = _isSignedIn, _isAscii = _isAscii, _before = _before.Copy() };
        clone.Tree.CopyFrom(Tree);
        clone._misled = _misled;
        clone._doubtful.UnionWith(_doubtful);
        return clone;
    }

    private static Answer Done(bool done) => Answer.Of(done ? 250 : 550);

    /// <summary>What may stand between REST, RANG, ALLO, RNFR or CPFR and the command these belong to: it asks, or sets what lasts.</summary>
    private static bool IsNeutral(string verb) =>
        verb is "TYPE" or "MODE" or "STRU" or "PASV" or "EPSV" or "REST" or "RANG" or "ALLO" or "SIZE" or "MLST" or "STAT" or "SYST" or "NOOP" or "WHAT";

    /// <summary>What the commands before left for the next that acts.</summary>
    private sealed class Before
    {
        public long Offset { get; set; }

        public long? Last { get; set; }

        public long? Announced { get; set; }

        public string? RenameSource { get; set; }

        public string? CopySource { get; set; }

        public Before Copy() => (Before)MemberwiseClone();
    }
}
