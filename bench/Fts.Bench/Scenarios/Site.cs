using Fts.Bench.Link;
using Fts.Bench.Load;
using Fts.Bench.Servers;

namespace Fts.Bench.Scenarios;

/// <summary>What every scenario finds: what is served, what is uploaded, the servers, and our program.</summary>
/// <param name="Folder">What the servers serve.</param>
/// <param name="Payload">What is uploaded.</param>
/// <param name="Servers">The servers that run.</param>
/// <param name="ServersAfar">Those at the other end of the link.</param>
/// <param name="Link">Made when it is first asked for.</param>
/// <param name="Program">Our program; null if none was named.</param>
/// <param name="Scratch">Where settings, certificates and clients' files may lie.</param>
internal sealed record Site(ServedFolder Folder, Payload Payload, ServerSet Servers, ServerSet ServersAfar, Lazy<LongLink> Link, string? Program, string Scratch);
