using System.Diagnostics.CodeAnalysis;

namespace Fts.Accounts;

/// <summary>
/// The text form of <see cref="Permissions"/>: one letter for each permission, <c>*</c> for all permissions, or <c>-</c> for none.
/// </summary>
public static class PermissionLetters
{
    private static readonly (char Letter, Permissions Permission)[] Letters =
    [
        ('l', Permissions.List), ('r', Permissions.Read), ('c', Permissions.Create), ('w', Permissions.Overwrite),
        ('a', Permissions.Append), ('n', Permissions.Rename), ('d', Permissions.Delete), ('m', Permissions.CreateDirectory),
        ('t', Permissions.SetMetadata),
    ];

    /// <summary>
    /// Parses letters such as <c>lrc</c>, in any order. Returns false if the text is empty or contains another character.
    /// </summary>
    /// <remarks><c>*</c> and <c>-</c> must be the only character. A repeated letter has no further effect.</remarks>
    public static bool TryParse([NotNullWhen(true)] string? text, out Permissions permissions)
    {
        permissions = Permissions.None;
        if (text is "*" or "-")
        {
            permissions = text == "*" ? Permissions.ReadWrite : Permissions.None;
            return true;
        }

        foreach (char letter in text ?? "")
        {
            Permissions permission = Letters.FirstOrDefault(row => row.Letter == letter).Permission;
            if (permission == Permissions.None)
            {
                permissions = Permissions.None;
                return false;
            }

            permissions |= permission;
        }

        return text is { Length: > 0 };
    }

    /// <summary>Returns the letters of permissions in the order <c>lrcwandmt</c>, or <c>*</c> for all and <c>-</c> for none.</summary>
    public static string Format(Permissions permissions) => permissions switch
    {
        Permissions.None => "-",
        Permissions.ReadWrite => "*",
        _ => string.Concat(Letters.Where(row => permissions.HasFlag(row.Permission)).Select(row => row.Letter)),
    };
}
