using System.Globalization;
using System.Security.Cryptography;

namespace Fts.Accounts.Passwords.Functions;

/// <summary>Argon2id version 1.3 (RFC 9106) in the PHC string format.</summary>
internal sealed class Argon2idFunction : IPasswordFunction
{
    private const int MinSaltBytes = 8, MaxSaltBytes = 64, MinHashBytes = 16, MaxHashBytes = 64;

    private readonly Argon2idParameters _parameters;
    private readonly byte[] _salt;
    private readonly byte[] _expected;

    private Argon2idFunction(Argon2idParameters parameters, byte[] salt, byte[] expected) =>
        (_parameters, _salt, _expected) = (parameters, salt, expected);

    /// <inheritdoc/>
    public PasswordHashKind Kind => PasswordHashKind.Argon2id;

    /// <inheritdoc/>
    public long RequiredMemory => 1024L * _parameters.Memory;

    /// <summary>
    /// Parses <c>$argon2id$v=19$m=memory,t=passes,p=lanes$salt$hash</c>. Returns null if the text is malformed, has another version, or
    /// the cost is too high.
    /// </summary>
    public static Argon2idFunction? Parse(string text, out string? problem)
    {
        string[] fields = text.Split('$');
        problem = "the argon2id hash is malformed";
        if (fields.Length != 6)
        {
            return null;
        }

        if (fields[2] != "v=19")
        {
            problem = "this version of argon2id is not supported, only version 19";
            return null;
        }

        string[] costs = fields[3].Split(',');
        if (costs.Length != 3 || !TryParse(costs[0], "m=", out int memory) || !TryParse(costs[1], "t=", out int passes) ||
            !TryParse(costs[2], "p=", out int lanes) || memory / 8 < lanes)
        {
            return null;
        }

        if (memory > CostLimits.MaxArgon2Memory || (long)memory * passes > CostLimits.MaxArgon2Work || lanes > CostLimits.MaxArgon2Lanes)
        {
            problem = $"the cost {fields[3]} exceeds the maximum (m={CostLimits.MaxArgon2Memory}, m*t={CostLimits.MaxArgon2Work}, " +
                $"p={CostLimits.MaxArgon2Lanes})";
            return null;
        }

        if (Base64Text.Decode(fields[4]) is not { Length: >= MinSaltBytes and <= MaxSaltBytes } salt ||
            Base64Text.Decode(fields[5]) is not { Length: >= MinHashBytes and <= MaxHashBytes } expected)
        {
            return null;
        }

        problem = null;
        return new Argon2idFunction(new Argon2idParameters(memory, passes, lanes), salt, expected);
    }

    /// <inheritdoc/>
    public bool Verify(ReadOnlySpan<byte> password)
    {
        Span<byte> buffer = stackalloc byte[MaxHashBytes];
        Span<byte> hash = buffer[.._expected.Length];
        Argon2id.ComputeHash(_parameters, password, _salt, [], [], hash);
        return CryptographicOperations.FixedTimeEquals(hash, _expected);
    }

    private static bool TryParse(string text, string name, out int value)
    {
        value = 0;
        return text.StartsWith(name, StringComparison.Ordinal) &&
            int.TryParse(text.AsSpan(name.Length), NumberStyles.None, CultureInfo.InvariantCulture, out value) && value > 0;
    }
}
