namespace Fts.Accounts.Passwords.Functions;

/// <summary>The binary digits of pi after the point, which are the initial state of Blowfish. Computed on first use.</summary>
internal static class PiDigits
{
    private const int WordCount = 18 + 1024;

    // Two more words absorb the rounding errors of about 10,000 divisions.
    private const int PrecisionWords = WordCount + 2;

    private static readonly Lazy<uint[]> s_words = new(Compute);

    /// <summary>The first 33,344 binary digits, in words of 32 bits.</summary>
    public static ReadOnlySpan<uint> Words => s_words.Value;

    /// <summary>Computes pi = 16 arctan(1/5) - 4 arctan(1/239) (John Machin, 1706) in fixed-point arithmetic.</summary>
    private static uint[] Compute()
    {
        // The first word is the integer part.
        uint[] sum = new uint[1 + PrecisionWords];
        AddArctangent(sum, 16, 5, isNegative: false);
        AddArctangent(sum, 4, 239, isNegative: true);
        return sum[1..(1 + WordCount)];
    }

    /// <summary>Adds factor * (1/x - 1/(3 x^3) + 1/(5 x^5) - …).</summary>
    private static void AddArctangent(uint[] sum, uint factor, uint x, bool isNegative)
    {
        uint[] power = new uint[sum.Length], term = new uint[sum.Length];
        power[0] = factor;
        Divide(power, x, power, 0);
        int first = 0; // the words before it are zero
        for (uint n = 1; first < power.Length; n += 2, isNegative = !isNegative)
        {
            Divide(power, n, term, first);
            Add(sum, term, first, isNegative);
            Divide(power, x * x, power, first);
            while (first < power.Length && power[first] == 0)
            {
                term[first++] = 0;
            }
        }
    }

    private static void Divide(uint[] number, uint divisor, uint[] quotient, int first)
    {
        ulong remainder = 0;
        for (int i = first; i < number.Length; i++)
        {
            ulong dividend = (remainder << 32) | number[i];
            ulong result = dividend / divisor;
            quotient[i] = (uint)result;
            remainder = dividend - (result * divisor);
        }
    }

    private static void Add(uint[] sum, uint[] term, int first, bool isNegative)
    {
        long carry = 0;
        for (int i = sum.Length - 1; i >= 0 && (i >= first || carry != 0); i--)
        {
            long value = i >= first ? term[i] : 0;
            carry += isNegative ? sum[i] - value : sum[i] + value;
            sum[i] = (uint)carry;
            carry >>= 32;
        }
    }
}
