using System.Collections.Frozen;

namespace Fts.Protocol;

/// <summary>Months as <c>ls</c> spells them where the server's own language is not English. A word that two languages use for different months is left out.</summary>
internal static class MonthNames
{
    /// <summary>English, German, French, Spanish, Italian, Portuguese, Dutch, the Nordic languages, Polish, Russian, Chinese and Japanese.</summary>
    private static readonly string[] Spellings =
    [
        "jan january januar januari janv janvier ene enero gen gennaio sty янв 1月",
        "feb february februar febr févr fév fevr fev febrero febbraio lut фев 2月",
        "mar march mär märz mrz mars marzo mrt maart мар 3月",
        "apr april avr avril abr abril aprile kwi апр 4月",
        "may mai mei maj mayo mag maggio maio май мая 5月",
        "jun june juni juin junio giu giugno cze июн 6月",
        "jul july juli juil juillet julio lug luglio lip июл 7月",
        "aug august août aout ago agosto sie авг 8月",
        "sep sept september septembre septiembre settembre set wrz сен 9月",
        "oct october okt oktober octobre octubre ott ottobre out paź окт 10月",
        "nov november novembre noviembre lis ноя 11月",
        "dec december déc décembre dez dezember dic diciembre dicembre des gru дек 12月",
    ];

    private static readonly FrozenDictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> Months = Spellings
        .SelectMany((line, index) => line.Split(' ').Select(word => (word, month: index + 1)))
        .ToFrozenDictionary(pair => pair.word, pair => pair.month, StringComparer.OrdinalIgnoreCase).GetAlternateLookup<ReadOnlySpan<char>>();

    /// <summary>1 to 12; -1 when the word is no month. A dot behind an abbreviation is allowed.</summary>
    public static int Find(ReadOnlySpan<char> word) => Months.TryGetValue(word.EndsWith('.') ? word[..^1] : word, out int month) ? month : -1;
}
