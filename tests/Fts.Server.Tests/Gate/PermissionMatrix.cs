namespace Fts.Server.Tests.Gate;

/// <summary>One use of the server and the permissions that it needs.</summary>
/// <param name="Verb">The verb of the row of the command table.</param>
/// <param name="Commands">
/// The commands, separated by line ends. The first negative reply ends the use. <c>{d}</c> is the directory of the test case.
/// </param>
/// <param name="Code">The code of the last reply if the account has all permissions.</param>
/// <param name="Needs">
/// The needed permissions in the order of their checks, each as <c>letter:path</c>. <c>w|c</c> is a permission on an existing file; if the
/// account lacks the second letter too, the reply contains that one. <c>l/r</c> needs one of both
/// permissions. <c>*</c> stands for any permission. <c>=</c> needs the permissions that the account has on the link. Empty: the command
/// needs no permission.
/// </param>
public sealed record MatrixRow(string Verb, string Commands, int Code, string Needs)
{
    /// <summary>The code of the reply if a permission is missing.</summary>
    public int RefusalCode { get; init; } = 550;

    /// <summary>The path for the explanation. Null: the path of the first need.</summary>
    public string? Path { get; init; }

    /// <summary>The created path, if the verb has two paths.</summary>
    public string? Target { get; init; }

    /// <summary>Whether the created path exists.</summary>
    public bool Exists { get; init; }
}

/// <summary>
/// The permissions of every command, written by hand. Each directory contains the files <c>file</c> (old) and <c>part</c> (part), the
/// empty directory <c>empty</c>, and <c>tree/inner/deep</c> (deep).
/// </summary>
internal static class PermissionMatrix
{
    public static readonly MatrixRow[] Rows =
    [
        new("HOST", "HOST example.org", 503, ""),
        new("USER", "USER other", 331, ""),
        new("PASS", "PASS x", 503, ""),
        new("ACCT", "ACCT x", 202, ""),
        new("REIN", "REIN", 220, ""),
        new("QUIT", "QUIT", 221, ""),
        new("AUTH", "AUTH TLS", 500, ""),
        new("PBSZ", "PBSZ 0", 500, ""),
        new("PROT", "PROT P", 500, ""),
        new("CCC", "CCC", 500, ""),
        new("CWD", "CWD {d}", 250, "*:{d}"),
        new("XCWD", "XCWD {d}", 250, "*:{d}"),
        new("CDUP", "CWD {d}/tree\nCDUP", 250, "*:{d}/tree *:{d}") { Path = "{d}" },
        new("XCUP", "CWD {d}/tree\nXCUP", 250, "*:{d}/tree *:{d}") { Path = "{d}" },
        new("PWD", "PWD", 257, ""),
        new("XPWD", "XPWD", 257, ""),
        new("MKD", "MKD {d}/new", 257, "m:{d}/new") { RefusalCode = 553 },
        new("XMKD", "XMKD {d}/new", 257, "m:{d}/new") { RefusalCode = 553 },
        new("RMD", "RMD {d}/empty", 250, "d:{d}/empty"),
        new("XRMD", "XRMD {d}/empty", 250, "d:{d}/empty"),
        new("RMDA", "RMDA {d}/tree", 250, "d:{d}/tree d:{d}/tree/inner d:{d}/tree/inner/deep"),
        new("DSIZ", "DSIZ {d}", 213, "l:{d}"),
        new("AVBL", "AVBL {d}", 213, "l:{d}"),
        new("TYPE", "TYPE I", 200, ""),
        new("MODE", "MODE S", 200, ""),
        new("STRU", "STRU F", 200, ""),
        new("PASV", "PASV", 227, ""),
        new("EPSV", "EPSV", 229, ""),
        new("PORT", "PORT 127,0,0,1,200,200", 200, ""),
        new("EPRT", "EPRT |1|127.0.0.1|51400|", 200, ""),
        new("RETR", "EPSV\nRETR {d}/file", 226, "r:{d}/file"),
        new("STOR", "EPSV\nSTOR {d}/new", 226, "c:{d}/new"),
        new("STOR", "EPSV\nSTOR {d}/file", 226, "w|c:{d}/file") { Exists = true },
        new("APPE", "EPSV\nAPPE {d}/new", 226, "c:{d}/new"),
        new("APPE", "EPSV\nAPPE {d}/file", 226, "a|c:{d}/file") { Exists = true },
        new("STOU", "CWD {d}\nEPSV\nSTOU name", 226, "c:{d}"),
        new("REST", "REST 1", 350, ""),
        new("RANG", "RANG 1 2", 350, ""),
        new("ALLO", "ALLO 5", 200, ""),
        new("ABOR", "ABOR", 226, ""),
        new("LIST", "EPSV\nLIST {d}", 226, "l:{d}"),
        new("LIST", "EPSV\nLIST -la {d}", 226, "l:{d}"),
        new("LIST", "EPSV\nLIST {d}/file", 226, "l:{d}/file"),
        new("NLST", "EPSV\nNLST {d}", 226, "l:{d}"),
        new("MLSD", "EPSV\nMLSD {d}", 226, "l:{d}"),
        new("MLST", "MLST {d}/file", 250, "l:{d}/file"),
        new("MLST", "MLST {d}", 250, "l:{d}"),
        new("DELE", "DELE {d}/file", 250, "d:{d}/file"),
        new("RNFR", "RNFR {d}/file", 350, "n:{d}/file"),
        new("RNFR", "RNFR {d}/tree", 350, "n:{d}/tree n:{d}/tree/inner"),
        new("RNTO", "RNFR {d}/file\nRNTO {d}/new", 250, "n:{d}/file c:{d}/new") { Target = "{d}/new" },
        new("RNTO", "RNFR {d}/file\nRNTO {d}/part", 250, "n:{d}/file w|c:{d}/part") { Target = "{d}/part", Exists = true },
        new("SIZE", "SIZE {d}/file", 213, "l/r:{d}/file"),
        new("MDTM", "MDTM {d}/file", 213, "l:{d}/file"),
        new("MFMT", "MFMT 20240229123456 {d}/file", 213, "t:{d}/file"),
        new("MFCT", "MFCT 20240229123456 {d}/file", 504, ""),
        new("MFF", "MFF Modify=20240229123456; {d}/file", 213, "t:{d}/file"),
        new("SITE UTIME", "SITE UTIME 20240229123456 {d}/file", 200, "t:{d}/file"),
        new("SITE CHMOD", "SITE CHMOD 600 {d}/file", 200, "t:{d}/file"),
        new("SITE QUOTA", "SITE QUOTA", 200, ""),
        // The memory store does not support links (502).
        new("SITE SYMLINK", "SITE SYMLINK \"{d}/file\" \"{d}/new\"", 502, "r:{d}/file c:{d}/new =:{d}/file") { Target = "{d}/new" },
        new("COMB", "COMB {d}/new {d}/part", 250, "r:{d}/part d:{d}/part c:{d}/new") { Target = "{d}/new" },
        new("COMB", "COMB {d}/file {d}/part", 250, "r:{d}/part d:{d}/part a|c:{d}/file") { Target = "{d}/file", Exists = true },
        new("SITE COPY", "SITE COPY {d}/file {d}/new", 250, "r:{d}/file c:{d}/new") { Target = "{d}/new" },
        new("SITE COPY", "SITE COPY {d}/file {d}/part", 250, "r:{d}/file w|c:{d}/part") { Target = "{d}/part", Exists = true },
        new("SITE CPFR", "SITE CPFR {d}/file", 350, "r:{d}/file"),
        new("SITE CPTO", "SITE CPFR {d}/file\nSITE CPTO {d}/new", 250, "r:{d}/file c:{d}/new") { Target = "{d}/new" },
        new("SITE CPTO", "SITE CPFR {d}/file\nSITE CPTO {d}/part", 250, "r:{d}/file w|c:{d}/part") { Target = "{d}/part", Exists = true },
        new("HASH", "HASH {d}/file", 213, "r:{d}/file"),
        new("XCRC", "XCRC {d}/file", 250, "r:{d}/file"),
        new("XMD5", "XMD5 {d}/file 0 2", 250, "r:{d}/file"),
        new("XSHA", "XSHA {d}/file", 250, "r:{d}/file"),
        new("XSHA1", "XSHA1 {d}/file", 250, "r:{d}/file"),
        new("XSHA256", "XSHA256 {d}/file", 250, "r:{d}/file"),
        new("XSHA512", "XSHA512 {d}/file", 250, "r:{d}/file"),
        new("CLNT", "CLNT test", 200, ""),
        new("CSID", "CSID", 200, ""),
        new("LANG", "LANG EN", 200, ""),
        new("STAT", "STAT", 211, ""),
        new("STAT", "STAT {d}", 213, "l:{d}"),
        new("SYST", "SYST", 215, ""),
        new("HELP", "HELP", 214, ""),
        new("FEAT", "FEAT", 211, ""),
        new("OPTS", "OPTS UTF8 ON", 200, ""),
        new("NOOP", "NOOP", 200, ""),
        new("SITE HELP", "SITE HELP", 214, ""),
    ];
}
