"""The words for purposes, classes of data and labels in the languages of a letter."""

# ruff: noqa: RUF001 - the punctuation of Chinese is full-width.

from __future__ import annotations

from typing import Final, Literal

from medtrust.consent_terms import Confidentiality, DataClass, Purpose

__all__ = ["CLASS_WORDS", "LABEL_WORDS", "LANGUAGES", "PURPOSE_WORDS", "Language"]

Language = Literal["en", "zh"]

LANGUAGES: Final[tuple[Language, ...]] = ("en", "zh")

PURPOSE_WORDS: Final[dict[Purpose, dict[Language, str]]] = {
    Purpose.TREAT: {"en": "treating you", "zh": "为您诊疗"},
    Purpose.ETREAT: {"en": "treating you in an emergency", "zh": "紧急救治"},
    Purpose.BTG: {
        "en": "opening your record in an emergency, to be reviewed afterwards",
        "zh": "紧急调阅（事后须审查）",
    },
    Purpose.CAREMGT: {"en": "managing your care", "zh": "照护管理"},
    Purpose.COC: {"en": "coordinating your care between those who treat you", "zh": "各诊疗方之间的照护协调"},
    Purpose.POPHLTH: {"en": "improving the health of groups of people", "zh": "人群健康改善"},
    Purpose.HPAYMT: {"en": "payment for your care", "zh": "医疗费用支付"},
    Purpose.CLMATTCH: {"en": "supporting a claim with documents", "zh": "理赔附件"},
    Purpose.COVERAGE: {"en": "your cover under a plan or programme", "zh": "保险或保障项目的承保"},
    Purpose.ELIGDTRM: {"en": "finding out whether you are eligible for cover", "zh": "承保资格认定"},
    Purpose.HOPERAT: {"en": "running the health care organisation", "zh": "医疗机构运营"},
    Purpose.HQUALIMP: {"en": "improving the quality of care", "zh": "医疗质量改进"},
    Purpose.HLEGAL: {"en": "legal matters", "zh": "法律事务"},
    Purpose.FRAUD: {"en": "detecting fraud", "zh": "欺诈侦查"},
    Purpose.PATSFTY: {"en": "patient safety", "zh": "患者安全"},
    Purpose.TRAIN: {"en": "training of staff", "zh": "人员培训"},
    Purpose.HMARKT: {"en": "marketing of health care", "zh": "医疗营销"},
    Purpose.HRESCH: {"en": "research", "zh": "医学研究"},
    Purpose.CLINTRCH: {"en": "a clinical trial", "zh": "临床试验"},
    Purpose.PUBHLTH: {"en": "public health", "zh": "公共卫生"},
    Purpose.DISASTER: {"en": "help in a disaster", "zh": "灾难救援"},
    Purpose.THREAT: {"en": "a threat to the public", "zh": "应对公众威胁"},
    Purpose.PATRQT: {"en": "what you ask for yourself", "zh": "您本人的请求"},
    Purpose.FAMRQT: {"en": "what your family asks for", "zh": "家属的请求"},
    Purpose.PWATRNY: {"en": "what someone with your power of attorney asks for", "zh": "持有您授权委托书者的请求"},
    Purpose.SUPNWK: {"en": "what those who support you ask for", "zh": "支持您的人员的请求"},
    Purpose.OBLIGATION: {
        "en": "only once the organisation has accepted its obligations",
        "zh": "仅在该机构接受其义务之后",
    },
}
"""What a letter calls each purpose of use."""

CLASS_WORDS: Final[dict[DataClass, dict[Language, str]]] = {
    DataClass.SUMMARY: {"en": "the summary of your record", "zh": "病历摘要"},
    DataClass.DEMOGRAPHICS: {"en": "your name, address and contacts", "zh": "姓名、住址和联系方式"},
    DataClass.PROBLEM: {"en": "diagnoses and problems", "zh": "诊断与健康问题"},
    DataClass.MEDICATION: {"en": "medicines", "zh": "用药"},
    DataClass.ALLERGY: {"en": "allergies", "zh": "过敏"},
    DataClass.IMMUNIZATION: {"en": "vaccinations", "zh": "疫苗接种"},
    DataClass.LABORATORY: {"en": "laboratory results", "zh": "检验结果"},
    DataClass.IMAGING: {"en": "images and their reports", "zh": "影像及其报告"},
    DataClass.VITAL_SIGNS: {"en": "vital signs", "zh": "生命体征"},
    DataClass.PROCEDURE: {"en": "procedures and operations", "zh": "操作与手术"},
    DataClass.DEVICE: {"en": "devices and implants", "zh": "医疗器械与植入物"},
    DataClass.DOCUMENT: {"en": "letters and other documents", "zh": "信函及其他文书"},
    DataClass.CARE_PLAN: {"en": "care plans and goals", "zh": "照护计划与目标"},
    DataClass.VISIT: {"en": "visits and appointments", "zh": "就诊与预约"},
    DataClass.CLAIM: {"en": "claims and cover", "zh": "理赔与保险"},
    DataClass.FAMILY_HISTORY: {"en": "illnesses in your family", "zh": "家族病史"},
    DataClass.SOCIAL_HISTORY: {"en": "work, housing and habits", "zh": "工作、居住与生活习惯"},
    DataClass.MENTAL_HEALTH: {"en": "mental health", "zh": "精神心理健康"},
    DataClass.SUBSTANCE_USE: {"en": "use of alcohol, drugs and other substances", "zh": "酒精、药物及其他物质的使用"},
    DataClass.SEXUAL_HEALTH: {"en": "sexual and reproductive health", "zh": "性与生殖健康"},
    DataClass.GENETICS: {"en": "genetics", "zh": "遗传信息"},
}
"""What a letter calls each class of data."""

LABEL_WORDS: Final[dict[Confidentiality, dict[Language, str]]] = {
    Confidentiality.U: {"en": "unrestricted", "zh": "无限制"},
    Confidentiality.L: {"en": "low", "zh": "低"},
    Confidentiality.M: {"en": "moderate", "zh": "中等"},
    Confidentiality.N: {"en": "normal", "zh": "一般"},
    Confidentiality.R: {"en": "restricted", "zh": "受限"},
    Confidentiality.V: {"en": "very restricted", "zh": "高度受限"},
}
"""What a letter calls each label of confidentiality."""
