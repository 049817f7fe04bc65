using Fts.Accounts.Login;
using Fts.Accounts.Passwords;

namespace Fts.Serving.Accounts;

/// <summary>Verifies the passwords of accounts with a <see cref="PasswordVerifier"/>, and owns it.</summary>
internal sealed class PasswordVerifierAdapter : IPasswordVerifier, IDisposable
{
    private readonly PasswordVerifier _verifier = new();

    /// <inheritdoc/>
    public async ValueTask<PasswordCheck> VerifyAsync(
        string account, string hash, string password, CancellationToken cancellationToken) =>
        Convert(await _verifier.VerifyAsync(account, hash, password, cancellationToken));

    /// <inheritdoc/>
    public async ValueTask<PasswordCheck> RejectUnknownAsync(string password, CancellationToken cancellationToken) =>
        Convert(await _verifier.VerifyUnknownAsync(password, cancellationToken));

    /// <inheritdoc/>
    public async ValueTask<string?> CreateHashAsync(string password, CancellationToken cancellationToken) =>
        (await _verifier.CreateHashAsync(password, cancellationToken))?.Text;

    public void Dispose() => _verifier.Dispose();

    private static PasswordCheck Convert(PasswordVerdict verdict) => verdict.Outcome switch
    {
        PasswordOutcome.Accepted => verdict.NeedsUpgrade ? PasswordCheck.AcceptedNeedsUpgrade : PasswordCheck.Accepted,
        PasswordOutcome.Busy => PasswordCheck.Busy,
        _ => PasswordCheck.Rejected,
    };
}
