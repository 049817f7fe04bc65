using System.CommandLine;
using Fts.Cli.Help;

namespace Fts.Cli;

/// <summary>The definition of a subcommand, from which its command line is parsed and its help page is printed.</summary>
/// <param name="Name">The name of the subcommand.</param>
/// <param name="MaxArguments">The maximum number of arguments that are not options.</param>
/// <param name="Page">The help page, with the options.</param>
internal sealed record SubcommandDefinition(string Name, int MaxArguments, HelpPage Page)
{
    /// <summary>Returns every option that the parser accepts.</summary>
    public IEnumerable<Option> Options => Page.OptionGroups.SelectMany(group => group.Options);

    /// <summary>Returns the usage lines as one line, for error messages.</summary>
    public string Usage => string.Join(", or ", Page.Usage);
}
