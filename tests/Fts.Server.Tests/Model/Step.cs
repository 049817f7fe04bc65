namespace Fts.Server.Tests.Model;

/// <summary>How the client ends an upload.</summary>
internal enum UploadEnd
{
    Whole,
    /// <summary>Sends STAT and NOOP in the middle, then the remaining data.</summary>
    CompleteAfterStatus,
    /// <summary>Sends ABOR in the middle.</summary>
    Abort,
    /// <summary>Resets the data connection in the middle.</summary>
    Reset,
}

/// <summary>One command line and, for uploads, the data.</summary>
internal sealed record Step(string Line, string Content = "", UploadEnd End = UploadEnd.Whole)
{
    public string Verb => Line.Split(' ')[0];

    public string Argument => Line.Contains(' ', StringComparison.Ordinal) ? Line[(Line.IndexOf(' ', StringComparison.Ordinal) + 1)..] : "";

    public override string ToString() => Verb is "STOR" or "APPE" ? $"{Line}   ({Content.Length} bytes, {End})" : Line;
}

/// <summary>Creates random steps with few names and numbers, so that they refer to each other.</summary>
internal static class Steps
{
    private static readonly string[] Names =
        ["a", "a", "a", "b", "b", "d", "d", "d/a", "d/b", "/a", "/d/b", "d/d", "d/d/a", ".", "..", "/", "../a", "missing/a", "/d/../b"];
    private static readonly string[] Contents = ["", "x", "hello", "0123456789", "one\ntwo\n"];
    private static readonly string[] Numbers = ["0", "1", "3", "3", "5", "10", "99"];

    /// <summary>The kinds of steps. Kinds that are likely to succeed occur several times.</summary>
    private static readonly Func<Random, Step>[] Kinds =
    [
        .. Often(12, random => new Step($"STOR {Name(random)}", Any(random, Contents), (UploadEnd)random.Next(4))),
        .. Often(3, random => new Step($"APPE {Name(random)}", Any(random, Contents), (UploadEnd)random.Next(4))),
        .. Often(12, random => new Step($"RETR {Name(random)}")),
        .. Often(16, _ => new Step("EPSV")),
        .. Often(4, random => new Step($"CWD {Name(random)}")),
        .. Often(4, random => new Step($"MKD {Name(random)}")),
        .. Often(2, random => new Step($"RMD {Name(random)}")),
        .. Often(2, random => new Step($"DELE {Name(random)}")),
        .. Often(4, random => new Step($"RNFR {Name(random)}")),
        .. Often(4, random => new Step($"RNTO {Name(random)}")),
        .. Often(2, random => new Step($"SITE CPFR {Name(random)}")),
        .. Often(2, random => new Step($"SITE CPTO {Name(random)}")),
        .. Often(8, random => new Step($"REST {Any(random, Numbers)}")),
        .. Often(4, random => new Step($"RANG {Any(random, Numbers)} {Any(random, Numbers)}")),
        .. Often(2, random => new Step($"ALLO {Any(random, Numbers)}")),
        .. Often(3, random => new Step($"SIZE {Name(random)}")),
        .. Often(2, random => new Step($"MLST {Name(random)}")),
        .. Often(4, _ => new Step("TYPE I")),
        .. Often(2, _ => new Step("USER anonymous")),
        .. Often(6, _ => new Step("PASS x")),
        _ => new Step("USER nobody"),
        _ => new Step("REIN"),
        _ => new Step("TYPE A"),
        _ => new Step("TYPE E"),
        _ => new Step("TYPE X"),
        _ => new Step("STRU F"),
        _ => new Step("STRU R"),
        _ => new Step("MODE S"),
        _ => new Step("MODE C"),
        _ => new Step("EPSV 2"),
        _ => new Step("EPSV ALL"),
        _ => new Step("PASV"),
        _ => new Step("CDUP"),
        _ => new Step("PWD"),
        _ => new Step("PWD"),
        _ => new Step("NOOP"),
        _ => new Step("ABOR"),
        _ => new Step("SYST"),
        _ => new Step("STAT"),
        _ => new Step("RETR"),
        _ => new Step("REST x"),
        _ => new Step("WHAT"),
    ];

    /// <summary>Creates a sequence. Most start with a login, because otherwise nearly all replies would be 530.</summary>
    public static Step[] Sequence(Random random, int length)
    {
        Step[] start = random.Next(8) == 0 ? []
            : [new("USER anonymous"), new("PASS x"), new("TYPE I"), new("MKD d"), new("EPSV"), new("STOR a", "0123456789"), new("EPSV")];
        return [.. start, .. Enumerable.Range(0, length).Select(_ => Kinds[random.Next(Kinds.Length)](random))];
    }

    private static IEnumerable<Func<Random, Step>> Often(int times, Func<Random, Step> kind) => Enumerable.Repeat(kind, times);

    private static string Name(Random random) => Any(random, Names);

    private static string Any(Random random, string[] all) => all[random.Next(all.Length)];
}
