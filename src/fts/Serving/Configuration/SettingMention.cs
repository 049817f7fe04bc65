namespace Fts.Serving.Configuration;

/// <summary>A setting that an error concerns.</summary>
/// <param name="Name">The name on the command line, such as <c>--data-timeout</c> or <c>port</c>.</param>
/// <param name="Text">The value that the error concerns; null for all values, or if the setting is not given.</param>
/// <param name="Origin">The origin of the value.</param>
internal sealed record SettingMention(string Name, string? Text, SettingOrigin Origin);
