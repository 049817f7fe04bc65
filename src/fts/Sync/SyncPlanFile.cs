using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Fts.Cli;
using Fts.Client;

namespace Fts.Sync;

/// <summary>A plan in a file, as <c>docs/sync-plan.schema.json</c> describes it.</summary>
/// <param name="SchemaVersion">The version of this form, <see cref="CurrentVersion"/>.</param>
/// <param name="Created">The time of the comparison, UTC.</param>
/// <param name="Direction"><c>upload</c> or <c>download</c>.</param>
/// <param name="Url">The server with the user and the folder.</param>
/// <param name="LocalFolder">The local folder, an absolute path.</param>
/// <param name="RemoteFolder">The folder on the server, in the form of <see cref="FtpName.Escape"/>.</param>
/// <param name="Entries">The changes in the order of execution.</param>
/// <param name="Trash">The folder for deleted and replaced files; null to delete them.</param>
internal sealed record SyncPlanFile(
    int SchemaVersion,
    DateTimeOffset Created,
    string Direction,
    string Url,
    string LocalFolder,
    string RemoteFolder,
    IReadOnlyList<SyncPlanFileEntry> Entries,
    string? Trash = null)
{
    /// <summary>The version of the form. It changes only if older programs would misunderstand a plan.</summary>
    public const int CurrentVersion = 1;

    private static readonly (FtpSyncAction Action, string Name)[] Actions =
    [
        (FtpSyncAction.CreateDirectory, "create-folder"),
        (FtpSyncAction.Add, "add"),
        (FtpSyncAction.Change, "change"),
        (FtpSyncAction.Move, "move"),
        (FtpSyncAction.DeleteFile, "delete"),
        (FtpSyncAction.DeleteDirectory, "delete-folder"),
    ];

    private static readonly SyncPlanJson Json = new(new JsonSerializerOptions(SyncPlanJson.Default.Options)
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        WriteIndented = true,
        NewLine = "\n",
    });

    /// <summary>Returns the JSON of a plan.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="url">The server with the user and the folder.</param>
    /// <param name="created">The time of the comparison.</param>
    public static string Format(FtpSyncPlan plan, string url, DateTimeOffset created)
    {
        bool isDownload = plan.Direction == FtpMirrorDirection.Download;
        var file = new SyncPlanFile(
            CurrentVersion,
            created,
            isDownload ? "download" : "upload",
            url,
            plan.LocalDirectory,
            FtpName.Escape(plan.RemoteDirectory),
            [
                .. plan.Entries.Select(entry => new SyncPlanFileEntry(
                    Actions.First(pair => pair.Action == entry.Action).Name, entry.LocalPath, FtpName.Escape(entry.RemotePath))
                {
                    From = isDownload || entry.MovedFrom is null ? entry.MovedFrom : FtpName.Escape(entry.MovedFrom),
                    Source = SyncPlanFileState.Create(entry.Source),
                    Target = SyncPlanFileState.Create(entry.Target),
                }),
            ],
            isDownload || plan.Trash is null ? plan.Trash : FtpName.Escape(plan.Trash));
        return JsonSerializer.Serialize(file, Json.SyncPlanFile);
    }

    /// <summary>Parses the JSON of a plan.</summary>
    /// <exception cref="UserErrorException">
    /// The text is not a plan, is for another version of fts, or has a path outside the folders of the plan.
    /// </exception>
    public static (FtpSyncPlan Plan, string Url) Parse(string text, string fileName)
    {
        SyncPlanFile? file;
        try
        {
            file = JsonSerializer.Deserialize(text, Json.SyncPlanFile);
        }
        catch (JsonException e)
        {
            throw CreateError(fileName, $"is not a plan of fts: {e.Message}");
        }

        if (file is null || file.SchemaVersion != CurrentVersion || file.Direction is not ("upload" or "download"))
        {
            throw CreateError(fileName, "is not a plan of this version of fts");
        }

        bool isDownload = file.Direction == "download";
        var plan = new FtpSyncPlan(
            isDownload ? FtpMirrorDirection.Download : FtpMirrorDirection.Upload, file.LocalFolder, FtpName.Unescape(file.RemoteFolder))
        {
            Trash = isDownload || file.Trash is null ? file.Trash : FtpName.Unescape(file.Trash),
        };
        return (plan with { Entries = [.. file.Entries.Select(CreateEntry)] }, file.Url);

        FtpSyncEntry CreateEntry(SyncPlanFileEntry entry)
        {
            int index = Array.FindIndex(Actions, pair => pair.Name == entry.Action);
            var created = new FtpSyncEntry(index < 0 ? default : Actions[index].Action, entry.Local, FtpName.Unescape(entry.Remote))
            {
                MovedFrom = isDownload || entry.From is null ? entry.From : FtpName.Unescape(entry.From),
                Source = entry.Source?.ToState(),
                Target = entry.Target?.ToState(),
            };
            bool hasFrom = created.MovedFrom is not null == (created.Action == FtpSyncAction.Move);
            bool isInside = IsLocal(created.LocalPath) && IsRemote(created.RemotePath)
                && (created.MovedFrom is not { } from || (isDownload ? IsLocal(from) : IsRemote(from)));
            return index >= 0 && hasFrom && (isInside || created.Action == FtpSyncAction.CreateDirectory)
                ? created
                : throw CreateError(fileName, $"has an invalid entry: {entry.Action} {entry.Local}");
        }

        bool IsLocal(string path) => Path.IsPathFullyQualified(path)
            && Path.GetRelativePath(plan.LocalDirectory, path) is var relative && relative != ".." && !relative.StartsWith("../");

        bool IsRemote(string path) => !path.Split('/').Contains("..")
            && path.StartsWith(plan.RemoteDirectory.TrimEnd('/'), StringComparison.Ordinal);
    }

    private static UserErrorException CreateError(string fileName, string problem) =>
        new(ExitCode.UsageError, $"apply {fileName}: the file {problem}", "fts plan SOURCE TARGET -o FILE, to write a new plan");
}

/// <summary>One change of a plan.</summary>
/// <param name="Action">The action: <c>create-folder</c>, <c>add</c>, <c>change</c>, <c>move</c>, <c>delete</c>, …</param>
/// <param name="Local">The local path.</param>
/// <param name="Remote">The path on the server, in the form of <see cref="FtpName.Escape"/>.</param>
internal sealed record SyncPlanFileEntry(string Action, string Local, string Remote)
{
    /// <summary>The present path of a file to move, in the target.</summary>
    public string? From { get; init; }

    /// <summary>The state of the file in the source; null for a directory, and a missing file.</summary>
    public SyncPlanFileState? Source { get; init; }

    /// <summary>The state of the file in the target; null for a directory, and a missing file.</summary>
    public SyncPlanFileState? Target { get; init; }
}

/// <summary>The state of a file: its size in bytes and its last-modified time in UTC, each null if unknown.</summary>
internal sealed record SyncPlanFileState(long? Size = null, DateTimeOffset? Modified = null)
{
    /// <summary>Returns the form of a state for a file, or null if there is no state.</summary>
    public static SyncPlanFileState? Create(FtpSyncState? state) => state is null ? null : new(state.Length, state.LastModified);

    /// <summary>Returns the state.</summary>
    public FtpSyncState ToState() => new(Size, Modified);
}

/// <summary>Converts plans to JSON and back, with code that the compiler generates.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(SyncPlanFile))]
internal sealed partial class SyncPlanJson : JsonSerializerContext;
