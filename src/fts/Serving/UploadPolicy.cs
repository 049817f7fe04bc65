using System.CommandLine;
using System.Globalization;
using Fts.Cli;
using Fts.Cli.Help;
using Fts.Server;
using Fts.Storage.Local;

namespace Fts.Serving;

/// <summary>The settings for uploads.</summary>
/// <param name="PublishPolicy">Selects the uploads that are published.</param>
/// <param name="PartialUploadLifetime">The time for which partial uploads are kept.</param>
/// <param name="IsDurable">Whether changes are flushed to stable storage before they are acknowledged.</param>
internal sealed record UploadPolicy(FtpPublishPolicy PublishPolicy, TimeSpan PartialUploadLifetime, bool IsDurable)
{
    private const string Auto = "auto";

    private static readonly ChoiceOption PublishOption = new(
        "--publish", "UPLOADS", "uploads that get their final name",
        (Auto, "all uploads that are not known to be truncated"),
        ("complete-only", "only uploads proven complete; unverified uploads get reply 550"));

    private static readonly Option<string> KeepPartialOption = new DefaultedOption("--keep-partial", () => "24h")
    {
        HelpName = "TIME",
        Description = "time to keep an interrupted upload for resuming: 30m, 24h (default), 7d, or 0 to keep none",
    };

    private static readonly Option<bool> DurableOption = new("--durable")
    {
        Description = "flush uploads, renames, removals and new folders to stable storage before they are acknowledged",
    };

    /// <summary>The options of uploads.</summary>
    public static OptionGroup CommandLineOptions { get; } = new(
        "Uploads", PublishOption, TlsSettings.CloseNotifyOption, KeepPartialOption, DurableOption);

    /// <summary>The options for the stores of the served folders.</summary>
    public LocalStoreOptions StoreOptions => new() { IsDurable = IsDurable };

    /// <summary>Parses the options.</summary>
    /// <exception cref="UserErrorException">A value is invalid.</exception>
    public static UploadPolicy Parse(CommandLine line) => new(
        line.GetChoice(PublishOption) == Auto ? FtpPublishPolicy.CompleteOrUnverified : FtpPublishPolicy.CompleteOnly,
        line.GetValue(KeepPartialOption) is { } text ? ParseTime(text) : TimeSpan.FromHours(24),
        line.HasOption(DurableOption));

    /// <summary>Parses a time such as <c>30m</c>, <c>24h</c> or <c>7d</c>. The value <c>0</c> keeps no partial uploads.</summary>
    private static TimeSpan ParseTime(string text)
    {
        TimeSpan unit = text.AsSpan(Math.Max(0, text.Length - 1)) switch
        {
            "m" => TimeSpan.FromMinutes(1),
            "h" => TimeSpan.FromHours(1),
            "d" => TimeSpan.FromDays(1),
            _ => TimeSpan.Zero,
        };
        if (text == "0")
        {
            return TimeSpan.Zero;
        }

        return unit > TimeSpan.Zero && ushort.TryParse(text.AsSpan(..^1), NumberStyles.None, CultureInfo.InvariantCulture, out ushort count)
            && count > 0
            ? count * unit
            : throw CommandLine.CreateUsageError($"{KeepPartialOption.Name} {text}: must be a time like 30m, 24h or 7d, or 0");
    }
}
