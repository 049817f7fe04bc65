using System.Globalization;
using Fts.Protocol;

namespace Fts.Serving.Configuration;

/// <summary>The places from which the value of a setting can come. A later member has priority.</summary>
internal enum OriginKind
{
    /// <summary>The setting is not given.</summary>
    Default,
    /// <summary>The configuration file.</summary>
    File,
    /// <summary>An environment variable.</summary>
    Environment,
    /// <summary>The command line.</summary>
    CommandLine,
}

/// <summary>The origin of the value of a setting.</summary>
/// <param name="Kind">The kind of the origin.</param>
/// <param name="Source">The path of the file as the user wrote it, or the name of the variable; otherwise null.</param>
/// <param name="Line">The line in the file, counted from 1; otherwise 0.</param>
internal sealed record SettingOrigin(OriginKind Kind, string? Source = null, int Line = 0)
{
    /// <summary>The origin of a setting that is not given.</summary>
    public static SettingOrigin Default { get; } = new(OriginKind.Default);

    /// <summary>The origin of a setting on the command line.</summary>
    public static SettingOrigin CommandLine { get; } = new(OriginKind.CommandLine);

    /// <summary>The file and the line, such as <c>fts.json:12</c>, or the variable. Empty for the other origins.</summary>
    public string Location => Kind == OriginKind.File
        ? string.Create(CultureInfo.InvariantCulture, $"{Source?.ToPrintable()}:{Line}")
        : Source ?? "";

    /// <summary>Returns the origin as text, such as <c>file fts.json:12</c>.</summary>
    public override string ToString() => Kind switch
    {
        OriginKind.File => $"file {Location}",
        OriginKind.Environment => $"environment {Location}",
        OriginKind.CommandLine => "command line",
        _ => "default",
    };
}

/// <summary>One value of a setting in the configuration file or the environment.</summary>
/// <param name="Text">The value as on the command line. The value of a switch is <c>true</c> or <c>false</c>.</param>
/// <param name="Origin">The origin of the value.</param>
/// <param name="IsQuoted">Whether the file contains the value in quotation marks.</param>
internal sealed record ConfiguredValue(string Text, SettingOrigin Origin, bool IsQuoted = true)
{
    /// <summary>Returns the value for a message, with escaped control characters.</summary>
    public override string ToString() => IsQuoted ? $"\"{Text.ToPrintable()}\"" : Text.ToPrintable();
}
