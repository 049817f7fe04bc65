namespace Fts.Accounts.Quota;

/// <summary>A number of bytes and files, or a change of these numbers.</summary>
/// <param name="Bytes">The number of bytes.</param>
/// <param name="Files">The number of files.</param>
public readonly record struct QuotaAmount(long Bytes, long Files)
{
    /// <summary>Returns the sum.</summary>
    public static QuotaAmount operator +(QuotaAmount left, QuotaAmount right) =>
        new(left.Bytes + right.Bytes, left.Files + right.Files);

    /// <summary>Returns the difference.</summary>
    public static QuotaAmount operator -(QuotaAmount left, QuotaAmount right) =>
        new(left.Bytes - right.Bytes, left.Files - right.Files);

    /// <summary>Returns the negated amount.</summary>
    public static QuotaAmount operator -(QuotaAmount amount) => new(-amount.Bytes, -amount.Files);

    /// <inheritdoc cref="op_Addition"/>
    public static QuotaAmount Add(QuotaAmount left, QuotaAmount right) => left + right;

    /// <inheritdoc cref="op_Subtraction"/>
    public static QuotaAmount Subtract(QuotaAmount left, QuotaAmount right) => left - right;

    /// <inheritdoc cref="op_UnaryNegation"/>
    public static QuotaAmount Negate(QuotaAmount amount) => -amount;

    /// <summary>Returns the greater number of bytes and the greater number of files.</summary>
    public static QuotaAmount Max(QuotaAmount left, QuotaAmount right) =>
        new(Math.Max(left.Bytes, right.Bytes), Math.Max(left.Files, right.Files));
}

/// <summary>The limits of a quota. Null means no limit.</summary>
/// <param name="Bytes">The maximum number of bytes.</param>
/// <param name="Files">The maximum number of files.</param>
public readonly record struct QuotaLimit(long? Bytes, long? Files)
{
    /// <summary>Whether no limit is set.</summary>
    public bool IsUnlimited => Bytes is null && Files is null;
}

/// <summary>The quota of an account.</summary>
/// <param name="Account">The name of the account.</param>
/// <param name="Home">The real path of its home directory, without a trailing slash.</param>
/// <param name="Limit">The limit.</param>
public sealed record AccountQuota(string Account, string Home, QuotaLimit Limit);

/// <summary>The usage of a directory with a quota.</summary>
/// <param name="Directory">The real path of the directory.</param>
/// <param name="Used">The committed bytes and files.</param>
/// <param name="Reserved">The bytes and files of running uploads, in addition to <paramref name="Used"/>.</param>
/// <param name="Limit">The limit that applies to the account.</param>
/// <param name="CountedAt">When the directory was last counted, UTC, or null if it was never counted.</param>
public sealed record QuotaUsage(
    string Directory, QuotaAmount Used, QuotaAmount Reserved, QuotaLimit Limit, DateTimeOffset? CountedAt);

/// <summary>A change of the usage of a directory with a quota.</summary>
/// <param name="Directory">The real path of the directory.</param>
/// <param name="Amount">The change.</param>
public readonly record struct QuotaChange(string Directory, QuotaAmount Amount);
