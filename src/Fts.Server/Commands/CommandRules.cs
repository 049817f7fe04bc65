namespace Fts.Server.Commands;

/// <summary>What the gate asks before a command runs, and how the loop treats it.</summary>
[Flags]
internal enum CommandRules
{
    None = 0,
    /// <summary>Only signed in; 530 otherwise.</summary>
    NeedsLogin = 1,
    /// <summary>Only with an argument; 501 otherwise.</summary>
    NeedsArgument = 2,
    /// <summary>Only after PASV, EPSV, PORT or EPRT; 425 otherwise.</summary>
    NeedsDataConnector = 4,
    /// <summary>May outlive its line: the loop reads on while it runs.</summary>
    IsTransfer = 8,
    /// <summary>Answered at once while a transfer runs; everything else waits its turn.</summary>
    AllowedDuringTransfer = 16,
    /// <summary>May stand between REST, RNFR or ALLO and the command these belong to.</summary>
    PreservesPendingState = 32,
    /// <summary>Known only where the server offers TLS.</summary>
    NeedsTls = 64,
    /// <summary>Gives something a new name, and may answer 553.</summary>
    CreatesName = 128,
    /// <summary>May close a data connection that is open in block mode: what was gathered for it leaves before.</summary>
    ClosesDataConnection = 256,
    /// <summary>With an argument, the command is a transfer over the control connection: only ABOR is answered while it runs.</summary>
    TransferWithArgument = 512,
    /// <summary>The argument is no name: blanks around it, which some devices send, are removed.</summary>
    TrimsArgument = 1024,
}
