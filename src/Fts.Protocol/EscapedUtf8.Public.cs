namespace Fts;

// Fts.Native and Fts.Storage also compile EscapedUtf8.cs, and keep the type internal. This file makes it public in Fts.Protocol.
public static partial class EscapedUtf8;
