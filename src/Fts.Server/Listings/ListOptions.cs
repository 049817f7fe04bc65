namespace Fts.Server.Listings;

/// <summary>The order of a listing.</summary>
internal enum ListOrder
{
    /// <summary>The order in which the store returns the entries. No entries are held in memory.</summary>
    None,
    /// <summary>Ordinal order of the names.</summary>
    Name,
    /// <summary>The newest entry first.</summary>
    Time,
    /// <summary>The largest entry first.</summary>
    Size,
}

/// <summary>
/// The options of <c>ls</c> that LIST, NLST and STAT support. All other options are ignored: most clients send <c>-a</c> and <c>-l</c>.
/// </summary>
/// <param name="Order">From <c>-t</c> (time) and <c>-S</c> (size). The last of these options applies.</param>
/// <param name="IsReversed">From <c>-r</c>. Without <c>-t</c> and <c>-S</c>, the order by name is reversed.</param>
/// <param name="IsRecursive">From <c>-R</c>: LIST and NLST also list all subdirectories.</param>
internal readonly record struct ListOptions(ListOrder Order, bool IsReversed, bool IsRecursive)
{
    /// <summary>
    /// Parses the options at the start of an argument, in one word or several. <c>--</c> ends the options. Long options are ignored.
    /// </summary>
    /// <param name="argument">The argument of LIST, NLST or STAT.</param>
    /// <param name="path">The text after the options. Empty: the current directory.</param>
    public static ListOptions Parse(string argument, out string path)
    {
        (ListOrder order, bool isReversed, bool isRecursive) = (ListOrder.None, false, false);
        ReadOnlySpan<char> rest = argument;
        while (rest.StartsWith('-'))
        {
            int space = rest.IndexOf(' ');
            ReadOnlySpan<char> word = space < 0 ? rest : rest[..space];
            if (word is "--")
            {
                rest = rest[Math.Min(rest.Length, word.Length + 1)..];
                break;
            }

            rest = rest[word.Length..].TrimStart(' ');
            // A long option is ignored, so none of its letters is read.
            foreach (char letter in word.StartsWith("--") ? default : word)
            {
                order = letter switch { 't' => ListOrder.Time, 'S' => ListOrder.Size, _ => order };
                isReversed |= letter == 'r';
                isRecursive |= letter == 'R';
            }
        }

        path = rest.ToString();
        return new ListOptions(isReversed && order == ListOrder.None ? ListOrder.Name : order, isReversed, isRecursive);
    }
}
