using System.CommandLine;

namespace Fts.Cli;

/// <summary>An option of the server with a default value that <c>fts config check</c> prints.</summary>
/// <param name="name">The name, with its dashes.</param>
/// <param name="getDefault">Returns the default as the user could write it.</param>
internal sealed class DefaultedOption(string name, Func<string> getDefault) : Option<string>(name)
{
    /// <summary>The default as the user could write it.</summary>
    public string DefaultText => getDefault();
}
