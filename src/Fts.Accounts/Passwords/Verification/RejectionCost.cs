using Fts.Accounts.Passwords.Functions;

namespace Fts.Accounts.Passwords.Verification;

/// <summary>
/// Makes a rejection cost the same for an unknown account and for a wrong password, so that its duration does not reveal which accounts
/// exist. The cost is that of a new hash.
/// </summary>
/// <remarks>A hash that costs more than a new hash still takes longer.</remarks>
internal sealed class RejectionCost(int iterations, TimeProvider timeProvider)
{
    /// <summary>The part of the work that is performed to measure its duration, if that is not known yet.</summary>
    private const int SampleDivisor = 8;

    private long _workTime; // the shortest observed duration of the work in timestamp units, or 0
    private long _performedIterations;

    /// <summary>The number of iterations that all rejections performed, in addition to the verification of foreign hashes.</summary>
    public long PerformedIterations => Volatile.Read(ref _performedIterations);

    /// <summary>Performs the work of a rejection without a hash.</summary>
    public void Perform(ReadOnlySpan<byte> password) => Perform(password, iterations);

    /// <summary>Performs the rest of the work after a password did not match a hash.</summary>
    /// <param name="hash">The hash.</param>
    /// <param name="password">The password.</param>
    /// <param name="started">The timestamp at which the verification of the hash started.</param>
    public void PerformRest(PasswordHash hash, ReadOnlySpan<byte> password, long started)
    {
        if (hash.OwnIterations > 0)
        {
            Interlocked.Add(ref _performedIterations, hash.OwnIterations);
            Perform(password, iterations - hash.OwnIterations);
            return;
        }

        long elapsed = timeProvider.GetTimestamp() - started;
        int sample = Volatile.Read(ref _workTime) == 0 ? iterations / SampleDivisor : 0;
        Perform(password, sample);
        long workTime = Volatile.Read(ref _workTime);
        double done = workTime == 0 ? 0 : Math.Min(1, (double)elapsed / workTime);
        Perform(password, (int)(iterations * (1 - done)) - sample);
    }

    private void Perform(ReadOnlySpan<byte> password, int count)
    {
        if (count <= 0)
        {
            return;
        }

        long started = timeProvider.GetTimestamp();
        Pbkdf2Function.PerformWork(password, count);
        Interlocked.Add(ref _performedIterations, count);
        if (count >= iterations / SampleDivisor)
        {
            long workTime = (long)((double)(timeProvider.GetTimestamp() - started) * iterations / count);
            // Two threads may write at the same time. Either value is good enough.
            long known = Volatile.Read(ref _workTime);
            Volatile.Write(ref _workTime, known == 0 ? workTime : Math.Min(known, workTime));
        }
    }
}
