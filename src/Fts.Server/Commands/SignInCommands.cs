using Fts.Accounts;
using Fts.Protocol;

namespace Fts.Server.Commands;

/// <summary>Who is there (RFC 959 §4.1.1).</summary>
internal static class SignInCommands
{
    private const int MaxDoublings = 6;

    /// <summary>Begins a sign-in, and ends the one before: nothing of it is left for the next user.</summary>
    public static ValueTask<Reply> UserAsync(Session session, string argument, CancellationToken cancellationToken)
    {
        session.Reset();
        session.UserName = argument;
        return session.Server.Options.Accounts.NeedsPassword(argument) ? new(Replies.PasswordPlease) : SignInAsync(session, argument, "", cancellationToken);
    }

    public static ValueTask<Reply> PasswordAsync(Session session, string argument, CancellationToken cancellationToken) => session switch
    {
        { Files: not null } => new(Replies.AlreadySignedIn),
        { UserName: { } userName } => SignInAsync(session, userName, argument, cancellationToken),
        _ => new(Replies.BadSequence),
    };

    public static ValueTask<Reply> AccountAsync(Session session, string argument, CancellationToken cancellationToken) =>
        new(session.Files is null ? Replies.SignInFirst : Replies.NotNeeded);

    public static ValueTask<Reply> ReinitializeAsync(Session session, string argument, CancellationToken cancellationToken)
    {
        session.Reset();
        return new(Replies.ReadyAgain);
    }

    public static ValueTask<Reply> QuitAsync(Session session, string argument, CancellationToken cancellationToken)
    {
        session.Next = Next.Close;
        return new(Replies.Goodbye);
    }

    private static async ValueTask<Reply> SignInAsync(Session session, string userName, string password, CancellationToken cancellationToken)
    {
        FtpServerOptions options = session.Server.Options;
        session.UserName = null; // one password for one USER
        Account? account = await options.Accounts.SignInAsync(new Credentials(userName, password, session.Peer.Address, IsEncrypted: false), cancellationToken);
        if (account is not null)
        {
            session.Files = new UserFiles(account, options.Store);
            Log.SignedIn(options.Logger, session.Id, account.Name.Visible());
            return Replies.SignedIn;
        }

        Log.SignInRefused(options.Logger, session.Id, userName.Visible(), session.Peer.Address);
        await Task.Delay(options.RefusalDelay * (1 << Math.Min(session.RefusedSignIns, MaxDoublings)), cancellationToken);
        if (++session.RefusedSignIns < options.MaxSignInAttempts)
        {
            return Replies.Refused;
        }

        session.Next = Next.Close;
        return Replies.TooManyRefusals;
    }
}
