namespace Fts.Client.Listings;

/// <summary>The commands that list a directory.</summary>
internal enum ListingCommand
{
    /// <summary>MLSD (RFC 3659 §7).</summary>
    Mlsd,
    /// <summary>LIST (RFC 959 §4.1.3): lines in a server-specific format.</summary>
    List,
    /// <summary>NLST (RFC 959 §4.1.3): names only.</summary>
    Nlst,
}

/// <summary>Extension members of <see cref="ListingCommand"/>.</summary>
internal static class ListingCommandExtensions
{
    extension(ListingCommand command)
    {
        /// <summary>The verb of the command.</summary>
        public string Verb => command switch
        {
            ListingCommand.Mlsd => "MLSD",
            ListingCommand.List => "LIST",
            _ => "NLST",
        };
    }
}
