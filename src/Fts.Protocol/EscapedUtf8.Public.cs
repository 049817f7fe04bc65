namespace Fts;

// Makes the type public in this assembly only. Fts.Native and Fts.Storage compile EscapedUtf8.cs too, for their internal use.
public static partial class EscapedUtf8;
