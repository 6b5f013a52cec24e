namespace PasientensMaledata.Simulator;

/// <summary>The National Early Warning Score 2, with scale 2 for oxygen saturation and on air (Royal College of Physicians, 2017).</summary>
internal static class News2
{
    /// <summary>The seven scores in the order of the catalogue's parts: respiration, saturation, air, systolic, pulse, consciousness, temperature.</summary>
    public static int[] Scores(decimal respiration, decimal saturation, decimal systolic, decimal pulse, bool isAlert, decimal temperature) =>
    [
        respiration switch { <= 8 => 3, <= 11 => 1, <= 20 => 0, <= 24 => 2, _ => 3 },
        saturation switch { <= 83 => 3, <= 85 => 2, <= 87 => 1, _ => 0 },
        0,
        systolic switch { <= 90 => 3, <= 100 => 2, <= 110 => 1, <= 219 => 0, _ => 3 },
        pulse switch { <= 40 => 3, <= 50 => 1, <= 90 => 0, <= 110 => 1, <= 130 => 2, _ => 3 },
        isAlert ? 0 : 3,
        temperature switch { <= 35.0m => 3, <= 36.0m => 1, <= 38.0m => 0, <= 39.0m => 1, _ => 2 },
    ];
}
