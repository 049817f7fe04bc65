using System.Globalization;
using System.Text;

namespace Fts.Storage.Tests;

/// <summary>Reserved names, in all spellings that some file system treats as equal, and names with a special meaning on Windows.</summary>
public sealed class NameFoldingTests
{
    private const string Pending = PathRules.StagingPrefix + "0123456789abcdef";

    /// <summary>
    /// Every character that Unicode 14 folds to a character of the prefix, by case or by compatibility decomposition (NFKD). The published
    /// program does not contain the tables of Unicode.
    /// </summary>
    private static readonly Dictionary<char, string> s_folded = new()
    {
        { '-', "FE63 FF0D" },
        { '.', "2024 FE52 FF0E" },
        { 'd', "1D30 1D48 2145 2146 216E 217E 24B9 24D3 FF24 FF44 1D403 1D41D 1D437 1D451 1D46B 1D485 1D49F 1D4B9 1D4D3 1D4ED 1D507 1D521 1D53B 1D555 1D56F 1D589 1D5A3 1D5BD 1D5D7 1D5F1 1D60B 1D625 1D63F 1D659 1D673 1D68D 1F133" },
        { 'e', "1D31 1D49 2091 212F 2130 2147 24BA 24D4 FF25 FF45 1D404 1D41E 1D438 1D452 1D46C 1D486 1D4D4 1D4EE 1D508 1D522 1D53C 1D556 1D570 1D58A 1D5A4 1D5BE 1D5D8 1D5F2 1D60C 1D626 1D640 1D65A 1D674 1D68E 1F134" },
        { 'f', "1DA0 2131 24BB 24D5 A7F3 FF26 FF46 1D405 1D41F 1D439 1D453 1D46D 1D487 1D4BB 1D4D5 1D4EF 1D509 1D523 1D53D 1D557 1D571 1D58B 1D5A5 1D5BF 1D5D9 1D5F3 1D60D 1D627 1D641 1D65B 1D675 1D68F 1F135" },
        { 'g', "1D33 1D4D 210A 24BC 24D6 FF27 FF47 1D406 1D420 1D43A 1D454 1D46E 1D488 1D4A2 1D4D6 1D4F0 1D50A 1D524 1D53E 1D558 1D572 1D58C 1D5A6 1D5C0 1D5DA 1D5F4 1D60E 1D628 1D642 1D65C 1D676 1D690 1F136" },
        { 'i', "131 1D35 1D62 2071 2110 2111 2139 2148 2160 2170 24BE 24D8 FF29 FF49 1D408 1D422 1D43C 1D456 1D470 1D48A 1D4BE 1D4D8 1D4F2 1D526 1D540 1D55A 1D574 1D58E 1D5A8 1D5C2 1D5DC 1D5F6 1D610 1D62A 1D644 1D65E 1D678 1D692 1F138" },
        { 'n', "1D3A 207F 2099 2115 24C3 24DD FF2E FF4E 1D40D 1D427 1D441 1D45B 1D475 1D48F 1D4A9 1D4C3 1D4DD 1D4F7 1D511 1D52B 1D55F 1D579 1D593 1D5AD 1D5C7 1D5E1 1D5FB 1D615 1D62F 1D649 1D663 1D67D 1D697 1F13D" },
        { 'p', "1D3E 1D56 209A 2119 24C5 24DF FF30 FF50 1D40F 1D429 1D443 1D45D 1D477 1D491 1D4AB 1D4C5 1D4DF 1D4F9 1D513 1D52D 1D561 1D57B 1D595 1D5AF 1D5C9 1D5E3 1D5FD 1D617 1D631 1D64B 1D665 1D67F 1D699 1F13F" },
        { 's', "17F 2E2 209B 24C8 24E2 FF33 FF53 1D412 1D42C 1D446 1D460 1D47A 1D494 1D4AE 1D4C8 1D4E2 1D4FC 1D516 1D530 1D54A 1D564 1D57E 1D598 1D5B2 1D5CC 1D5E6 1D600 1D61A 1D634 1D64E 1D668 1D682 1D69C 1F142" },
        { 't', "1D40 1D57 209C 24C9 24E3 FF34 FF54 1D413 1D42D 1D447 1D461 1D47B 1D495 1D4AF 1D4C9 1D4E3 1D4FD 1D517 1D531 1D54B 1D565 1D57F 1D599 1D5B3 1D5CD 1D5E7 1D601 1D61B 1D635 1D64F 1D669 1D683 1D69D 1F143" },
    };

    /// <summary>The characters that HFS+ ignores in names (CVE-2014-9390).</summary>
    private static readonly int[] s_ignored =
    [
        0x200C, 0x200D, 0x200E, 0x200F, 0x202A, 0x202B, 0x202C, 0x202D, 0x202E, 0x206A, 0x206B, 0x206C, 0x206D, 0x206E, 0x206F, 0xFEFF,
        // The characters that the Linux kernel ignores in case-folding directories.
        0xAD, 0x34F, 0x61C, 0x180B, 0x200B, 0x2060, 0xFE00, 0xFE0F, 0x1D173, 0xE0001, 0xE0100,
    ];

    [Fact]
    public void Every_character_that_folds_to_a_character_of_a_reserved_name_is_recognised()
    {
        foreach ((char plain, string folded) in s_folded)
        {
            foreach (string hex in folded.Split(' '))
            {
                string name = Pending.Replace(plain.ToString(),
                    new Rune(int.Parse(hex, NumberStyles.HexNumber, CultureInfo.InvariantCulture)).ToString(), StringComparison.Ordinal);
                Assert.True(PathRules.IsReserved(name), $"{plain} U+{hex}");
            }
        }

        Assert.True(PathRules.IsReserved(Pending.Replace("in", "\u33CC", StringComparison.Ordinal)));
        Assert.True(PathRules.IsReserved(Pending.ToUpperInvariant()));
    }

    [Fact]
    public void An_invisible_character_does_not_hide_a_reserved_name()
    {
        foreach (int ignored in s_ignored)
        {
            for (int at = 0; at <= PathRules.StagingPrefix.Length; at++)
            {
                Assert.True(PathRules.IsReserved(Pending.Insert(at, new Rune(ignored).ToString())), $"U+{ignored:X} at {at}");
            }
        }

        Assert.True(PathRules.IsReserved(string.Concat(Pending.Select(character => $"{character}\u200D"))));
    }

    [Theory]
    [InlineData("FTS-PE~1")]
    [InlineData("fts-pe~4")]
    [InlineData("FTS-PE~12")]
    [InlineData("FT0AB3~1")]
    [InlineData("ft9c0f~2")]
    public void The_short_names_of_FAT_and_NTFS_are_reserved(string name) => Assert.True(PathRules.IsReserved(name));

    [Theory]
    [InlineData("")]
    [InlineData("fts-pending-1")]
    [InlineData(".fts-pending")]
    [InlineData(".ft")]
    [InlineData("..fts-pending-1")]
    [InlineData(".fts--pending-1")]
    [InlineData(".fts_pending_1")]
    [InlineData(".ﬁle")]
    [InlineData("\u200D")]
    [InlineData("日本語")]
    [InlineData("Größe")]
    [InlineData("FTS-PE~1.TXT")]
    [InlineData("FTS-PE~")]
    [InlineData("FTS-P~1")]
    [InlineData("FTXYZW~1")]
    [InlineData("~1")]
    [InlineData("notes~")]
    public void Other_names_are_not_reserved(string name) => Assert.False(PathRules.IsReserved(name));

    [Fact]
    public void A_path_is_reserved_if_any_component_is()
    {
        Assert.True(PathRules.IsReserved(StoreActions.At($"/a/{Pending.ToUpperInvariant()}/b")));
        Assert.True(PathRules.IsReserved(StoreActions.At("/a/FTS-PE~1")));
        Assert.True(PathRules.IsReserved(StoreActions.At("/.ft\u017F-pending-1/b")));
        Assert.False(PathRules.IsReserved(StoreActions.At("/a/b.fts-pending-1/c")));
        Assert.False(PathRules.IsReserved(StorePath.Root));
    }

    /// <summary>The check runs for the path of every command and for every entry of a listing.</summary>
    [Fact]
    public void The_check_allocates_no_memory()
    {
        StorePath[] paths = [StoreActions.At("/some/folder/.file"), StoreActions.At("/日本語/Größe"), StoreActions.At("/.ft\u017F-pendin")];
        long before = 0;
        for (int round = 0; round < 1000; round++)
        {
            // The first calls compile the methods.
            before = round == 500 ? GC.GetAllocatedBytesForCurrentThread() : before;
            foreach (StorePath path in paths)
            {
                Assert.False(PathRules.IsReserved(path));
            }
        }

        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    [Theory]
    [InlineData("file:stream")]
    [InlineData("file::$DATA")]
    [InlineData(":stream")]
    [InlineData("C:")]
    [InlineData("C:file")]
    [InlineData("a\\b")]
    [InlineData("..\\secret")]
    [InlineData("a*")]
    [InlineData("a?")]
    [InlineData("a|b")]
    [InlineData("a<b")]
    [InlineData("a\"b")]
    [InlineData("a\tb")]
    [InlineData("dot.")]
    [InlineData("blank ")]
    [InlineData("...")]
    [InlineData(". .")]
    [InlineData("CON")]
    [InlineData("con")]
    [InlineData("nul.txt")]
    [InlineData("Aux.tar.gz")]
    [InlineData("PRN .txt")]
    [InlineData("COM1")]
    [InlineData("com0.log")]
    [InlineData("LPT9")]
    [InlineData("COM¹")]
    [InlineData("lpt³.txt")]
    [InlineData("CONIN$")]
    [InlineData("conout$")]
    public void Names_with_a_special_meaning_on_Windows_are_invalid(string name) => Assert.False(WindowsFileNames.IsValid(name));

    [Theory]
    [InlineData("file")]
    [InlineData(".hidden")]
    [InlineData("a.b.c")]
    [InlineData(" leading")]
    [InlineData("console")]
    [InlineData("CON1")]
    [InlineData("COM10")]
    [InlineData("COMA")]
    [InlineData("my.con")]
    [InlineData("null")]
    [InlineData("日本語")]
    public void Other_names_are_valid_on_Windows(string name) => Assert.True(WindowsFileNames.IsValid(name));
}
