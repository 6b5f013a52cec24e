namespace PasientensMaledata.Observations.Rows;

/// <summary>
/// What Observations say again and again, as they mostly say it: the text that <see cref="Compressor"/> refers back to. It is part of what is
/// stored: a byte of it changed, and no row can be read. Another is another format of <see cref="ObservationRow"/>.
/// </summary>
internal static class Vocabulary
{
    /// <summary>The text, less than 64 KiB.</summary>
    public static ReadOnlySpan<byte> Text =>
        """
        "extension":[{"url":"http://hl7.org/fhir/StructureDefinition/","valueString":"","valueCode":"","valueBoolean":true}],"language":"no","note":[{"text":""}],"bodySite":{"coding":[
        "method":{"coding":[{"system":"http://snomed.info/sct","code":"
        "interpretation":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation","code":"N","display":"Normal"}]}],"referenceRange":[{"low":{"value":,"unit":"},"high":{"value":
        "dataAbsentReason":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/data-absent-reason","code":"unknown"}]},"hasMember":[{"reference":"urn:uuid:"}],"derivedFrom":[{"reference":"Observation/
        "status":"preliminary","status":"amended","status":"corrected","status":"entered-in-error","status":"cancelled","issued":"
        "effectivePeriod":{"start":"","end":"+02:00"},"valueInteger":,"valueString":"","valueBoolean":false,"valueDecimal":
        {"resourceType":"Observation","identifier":[{"use":"official","system":"urn:ietf:rfc:3986","value":"urn:uuid:"}],"meta":{"source":"https://","profile":["http://hl7.org/fhir/StructureDefinition/vitalsigns","http://hl7.no/fhir/vkpobservation/StructureDefinition/vkp-Observation-
        "category":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/observation-category","code":"survey","display":"Survey"}],"text":"Survey"}],"code":{"coding":[
        "category":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/observation-category","code":"laboratory","display":"Laboratory"}],"text":"Laboratory"}],"code":{"coding":[
        {"system":"http://loinc.org","code":"74465-6","display":"Questionnaire score"}
        {"system":"http://snomed.info/sct","code":"763264000","display":"Clinical Frailty Scale"}
        {"system":"http://snomed.info/sct","code":"1104441000000107","display":"Level of consciousness"}],"text":"ACVPU"},"valueCodeableConcept":{"coding":[{"system":"http://snomed.info/sct","code":"
        {"system":"http://snomed.info/sct","code":"1104051000000101","display":"NEWS2 score"}],"text":"NEWS2"},"component":[{"code":{"coding":[{"system":"http://snomed.info/sct","code":"1104301000000104","display":" score"}]},"valueInteger":
        "code":"1104321000000108","code":"1104331000000105","code":"1104341000000101","code":"1104351000000103","code":"1104361000000100","code":"1104371000000107"
        {"system":"http://loinc.org","code":"15074-8","display":"Blood glucose"},{"system":"http://snomed.info/sct","code":"434912009","display":"Blood glucose"},{"system":"urn:oid:2.16.578.1.12.4.1.1.7280","code":"NPU02187"}],"text":"Blodsukker"},"valueQuantity":{"value":1,"unit":"mmol/L","system":"http://unitsofmeasure.org","code":"mmol/L"}
        {"system":"http://loinc.org","code":"9279-1","display":"Respiration rate"},{"system":"http://snomed.info/sct","code":"86290005","display":"Respiration rate"}],"text":"Respirasjonsfrekvens"},"valueQuantity":{"value":1,"unit":"breaths/minute","system":"http://unitsofmeasure.org","code":"/min"}
        {"system":"http://loinc.org","code":"29463-7","display":"Body weight"},{"system":"http://snomed.info/sct","code":"27113001","display":"Body weight"}],"text":"Kroppsvekt"},"valueQuantity":{"value":1,"unit":"kg","system":"http://unitsofmeasure.org","code":"kg"}
        {"system":"http://loinc.org","code":"8310-5","display":"Body temperature"},{"system":"http://snomed.info/sct","code":"276885007","display":"Body temperature"}],"text":"Kroppstemperatur"},"valueQuantity":{"value":3,"unit":"Cel","unit":"°C","system":"http://unitsofmeasure.org","code":"Cel"}
        {"system":"http://loinc.org","code":"2708-6","display":"Oxygen saturation"},{"system":"http://loinc.org","code":"59408-5"},{"system":"http://snomed.info/sct","code":"431314004","display":"Oxygen saturation"}],"text":"Oksygenmetning"},"valueQuantity":{"value":9,"unit":"%","system":"http://unitsofmeasure.org","code":"%"}
        {"system":"http://loinc.org","code":"85354-9","display":"Blood pressure"},{"system":"http://snomed.info/sct","code":"75367002","display":"Blood pressure"}],"text":"Blodtrykk"},"component":[{"code":{"coding":[{"system":"http://loinc.org","code":"8480-6","display":"Systolic blood pressure"},{"system":"http://snomed.info/sct","code":"271649006","display":"Systolic"}],"text":"Systolisk"},"valueQuantity":{"value":1,"unit":"mmHg","system":"http://unitsofmeasure.org","code":"mm[Hg]"}},{"code":{"coding":[{"system":"http://loinc.org","code":"8462-4","display":"Diastolic blood pressure"},{"system":"http://snomed.info/sct","code":"271650006","display":"Diastolic"}],"text":"Diastolisk"},"valueQuantity":{"value":
        {"system":"http://loinc.org","code":"8867-4","display":"Heart rate"},{"system":"http://snomed.info/sct","code":"364075005","display":"Heart rate"}],"text":"Puls"},"valueQuantity":{"value":7,"unit":"bpm","unit":"beats/minute","unit":"/min","system":"http://unitsofmeasure.org","code":"/min"},"device":{"identifier":{"system":"http://komlink.nhn.no/devices/serial","value":"KOMLINK DEVICE"},"display":"KOMLINK DEVICE"}}
        "performer":[{"type":"Practitioner","identifier":{"system":"urn:oid:2.16.578.1.12.4.1.4.4","value":"
        "subject":{"reference":"Patient/","type":"Patient","identifier":{"system":"urn:oid:2.16.578.1.12.4.1.4.1","value":"
        {"resourceType":"Observation","id":"","meta":{"profile":["http://hl7.org/fhir/StructureDefinition/vitalsigns"]},"status":"final","category":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/observation-category","code":"vital-signs","display":"Vital Signs"}],"text":"Vital Signs"}],"code":{"coding":[{"system":"http://loinc.org","code":"","display":""},{"system":"http://snomed.info/sct","code":"","display":""}],"text":""},"subject":{"identifier":{"system":"urn:oid:2.16.578.1.12.4.1.4.1","value":""},"display":""},"effectiveDateTime":"2026-01-01T08:00:00+01:00","performer":[{"type":"Organization","identifier":{"system":"urn:oid:2.16.578.1.12.4.1.4.101","value":""},"display":" kommune"}],"valueQuantity":{"value":1.0,"unit":"","system":"http://unitsofmeasure.org","code":""},"device":{"identifier":{"system":"","value":""},"display":""}}
        {"system":"urn:pmd:sent-id","value":"
        T00:00:00.0000000Z|https://www.nhn.no/komlink/bundle-identifier|
        """u8;
}
