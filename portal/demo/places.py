"""The places of the demo: nine countries, their towns, and words from which clearly invented names are made.

Plain data. A factory's name joins a `first` and a `second` word ("Kite", "Needle") in the country's own
language and script, so that no real company is meant. Coordinates are the towns', spread a little.
"""

from dataclasses import dataclass
from typing import Final

Word = tuple[str, str]  # in Latin letters, in the local script ("" where they are the same)


@dataclass(frozen=True)
class Town:
    """A real town with the coordinates of its centre."""

    name: str
    latitude: float
    longitude: float


@dataclass(frozen=True)
class Country:
    """One country programme of the demo.

    `code` is ISO 3166 alpha-2; `factories` how many the demo has there; `burden` multiplies how often a question
    is non-compliant; `weak` are the clusters that are worse here than elsewhere, with their factor.
    `company` and `local_company` are templates with {name}.
    """

    code: str
    name: str
    programme: str
    since: int
    enrolment: str
    factories: int
    burden: float
    weak: dict[str, float]
    company: tuple[str, ...]
    local_company: tuple[str, ...]
    first: tuple[Word, ...]
    second: tuple[Word, ...]
    towns: tuple[Town, ...]
    streets: tuple[str, ...]
    given: tuple[str, ...]
    families: tuple[str, ...]
    person: str  # how a name is put together
    language: str
    dialling: str


OSH: Final = "Occupational Safety and Health"
PAY: Final = "Compensation"
TIME: Final = "Working Time"
UNION: Final = "Freedom of Association and Collective Bargaining"
CONTRACTS: Final = "Contracts and Human Resources"
EQUAL: Final = "Discrimination"
FORCED: Final = "Forced Labour"

COUNTRIES: Final = (
    Country(
        code="KH",
        name="Cambodia",
        programme="Better Factories Cambodia",
        since=2001,
        enrolment="mandatory",
        factories=32,
        burden=1.0,
        weak={OSH: 1.2, CONTRACTS: 1.15},
        company=("{name} Garment Co., Ltd.", "{name} Apparel Co., Ltd.", "{name} Footwear Co., Ltd."),
        local_company=("រោងចក្រកាត់ដេរ {name}", "រោងចក្រសម្លៀកបំពាក់ {name}", "រោងចក្រស្បែកជើង {name}"),
        first=(
            ("Tonle", "ទន្លេ"),
            ("Phkay", "ផ្កាយ"),
            ("Khleng", "ខ្លែង"),
            ("Thnaot", "ត្នោត"),
            ("Romduol", "រំដួល"),
            ("Phlieng", "ភ្លៀង"),
            ("Khyol", "ខ្យល់"),
            ("Doung", "ដូង"),
            ("Slek", "ស្លឹក"),
            ("Chan", "ចន្ទ"),
        ),
        second=(("Lantern", "គោម"), ("Needle", "ម្ជុល"), ("Thread", "អំបោះ"), ("Silk", "សូត្រ")),
        towns=(
            Town("Phnom Penh", 11.556, 104.928),
            Town("Ta Khmau", 11.482, 104.945),
            Town("Kampong Speu", 11.453, 104.521),
            Town("Svay Rieng", 11.088, 105.799),
            Town("Kampong Chhnang", 12.250, 104.667),
        ),
        streets=("Plot {n}, Lantern Road", "Street {n}, Village of Looms", "National Road {n}, Kite Bend"),
        given=("Bopha", "Vibol", "Sreymom", "Ratana", "Channary", "Piseth"),
        families=("Sok", "Chan", "Keo", "Heng", "Ly", "Meas", "Nhem", "Ouk", "Prak", "Sam", "Tep", "Yim"),
        person="{family} {given}",
        language="km",
        dialling="+855 23",
    ),
    Country(
        code="VN",
        name="Vietnam",
        programme="Better Work Vietnam",
        since=2009,
        enrolment="voluntary",
        factories=30,
        burden=0.9,
        weak={TIME: 1.5, OSH: 1.1},
        company=("{name} Garment JSC", "{name} Sportswear Co., Ltd.", "{name} Footwear JSC"),
        local_company=(
            "Công ty Cổ phần May {name}",
            "Công ty TNHH Thời trang Thể thao {name}",
            "Công ty Cổ phần Giày {name}",
        ),
        first=(
            ("Sao Mai", "Sao Mai"),
            ("Dieu Giay", "Diều Giấy"),
            ("Mua Xuan", "Mưa Xuân"),
            ("La Sen", "Lá Sen"),
            ("Trang Non", "Trăng Non"),
            ("Gio Dong", "Gió Đồng"),
            ("Suoi To", "Suối Tơ"),
            ("May Trang", "Mây Trắng"),
            ("Cau Vong", "Cầu Vồng"),
            ("Den Long", "Đèn Lồng"),
        ),
        second=(
            ("Kim Chi", "Kim Chỉ"),
            ("Cuc Ao", "Cúc Áo"),
            ("Khung Cui", "Khung Cửi"),
            ("Luoi Cau", "Lưới Câu"),
        ),
        towns=(
            Town("Ho Chi Minh City", 10.823, 106.630),
            Town("Bien Hoa", 10.957, 106.843),
            Town("Thu Dau Mot", 10.980, 106.652),
            Town("Hai Phong", 20.845, 106.688),
            Town("Nam Dinh", 20.434, 106.177),
            Town("Da Nang", 16.054, 108.202),
        ),
        streets=(
            "Lot {n}, Silk Spring Industrial Park",
            "{n} Paper Lantern Street",
            "Road {n}, Bamboo Gate Zone",
        ),
        given=("Thị Hoa", "Văn Bình", "Minh Châu", "Quốc Duy", "Thu Hà", "Hải Yến"),
        families=("Nguyễn", "Trần", "Lê", "Phạm", "Vũ", "Đặng", "Bùi", "Đỗ", "Hồ", "Ngô", "Dương", "Lý"),
        person="{family} {given}",
        language="vi",
        dialling="+84 28",
    ),
    Country(
        code="BD",
        name="Bangladesh",
        programme="Better Work Bangladesh",
        since=2014,
        enrolment="voluntary",
        factories=26,
        burden=1.25,
        weak={OSH: 1.3, TIME: 1.3, UNION: 1.4},
        company=("{name} Garments Ltd.", "{name} Knitwear Ltd.", "{name} Footwear Ltd."),
        local_company=("{name} গার্মেন্টস লিমিটেড", "{name} নিটওয়্যার লিমিটেড", "{name} ফুটওয়্যার লিমিটেড"),
        first=(
            ("Shapla", "শাপলা"),
            ("Kagoj Ghuri", "কাগজঘুড়ি"),
            ("Megh", "মেঘ"),
            ("Noksha", "নকশা"),
            ("Bokul", "বকুল"),
            ("Dhansiri", "ধানসিঁড়ি"),
            ("Joba", "জবা"),
            ("Jonaki", "জোনাকি"),
            ("Nodi", "নদী"),
            ("Kash", "কাশ"),
        ),
        second=(("Shuta", "সুতা"), ("Bunon", "বুনন"), ("Botam", "বোতাম"), ("Dheu", "ঢেউ")),
        towns=(
            Town("Dhaka", 23.810, 90.412),
            Town("Gazipur", 24.000, 90.425),
            Town("Savar", 23.858, 90.267),
            Town("Narayanganj", 23.624, 90.500),
            Town("Chattogram", 22.357, 91.783),
        ),
        streets=("Holding {n}, Water Lily Road", "Plot {n}, Firefly Industrial Area", "{n} Paper Kite Lane"),
        given=("Rahima", "Abdul", "Nasrin", "Tanvir", "Shirin", "Mizanur"),
        families=(
            "Rahman",
            "Hossain",
            "Islam",
            "Chowdhury",
            "Sarkar",
            "Talukder",
            "Mondal",
            "Bhuiyan",
            "Khan",
            "Sikder",
            "Howlader",
            "Ahmed",
        ),
        person="{given} {family}",
        language="bn",
        dialling="+880 2",
    ),
    Country(
        code="ID",
        name="Indonesia",
        programme="Better Work Indonesia",
        since=2011,
        enrolment="voluntary",
        factories=20,
        burden=0.95,
        weak={CONTRACTS: 1.4, PAY: 1.1},
        company=("PT {name} Busana", "PT {name} Garmindo", "PT {name} Sepatu"),
        local_company=("", "", ""),
        first=(
            ("Layang Kertas", ""),
            ("Embun Pagi", ""),
            ("Bulan Teduh", ""),
            ("Angin Timur", ""),
            ("Daun Talas", ""),
            ("Kunang Kunang", ""),
            ("Ombak Biru", ""),
            ("Hujan Senja", ""),
            ("Padi Emas", ""),
            ("Awan Putih", ""),
        ),
        second=(("Benang", ""), ("Jarum", ""), ("Kancing", ""), ("Tenun", "")),
        towns=(
            Town("Bogor", -6.595, 106.816),
            Town("Sukabumi", -6.922, 106.927),
            Town("Semarang", -6.967, 110.420),
            Town("Surakarta", -7.575, 110.824),
            Town("Tangerang", -6.178, 106.630),
        ),
        streets=("Jalan Layang-Layang No. {n}", "Kawasan Industri Embun Blok {n}", "Jalan Benang Raya {n}"),
        given=("Siti", "Budi", "Dewi", "Agus", "Rina", "Eko"),
        families=(
            "Wijaya",
            "Santoso",
            "Hartono",
            "Kusuma",
            "Siregar",
            "Nasution",
            "Gunawan",
            "Halim",
            "Setiawan",
            "Simanjuntak",
            "Pratama",
            "Lubis",
        ),
        person="{given} {family}",
        language="id",
        dialling="+62 251",
    ),
    Country(
        code="JO",
        name="Jordan",
        programme="Better Work Jordan",
        since=2008,
        enrolment="mandatory",
        factories=14,
        burden=1.05,
        weak={FORCED: 2.0, EQUAL: 1.5, OSH: 1.1},
        company=("{name} Apparel LLC", "{name} Clothing Industries LLC", "{name} Footwear LLC"),
        local_company=("شركة {name} للألبسة", "شركة {name} لصناعة الملابس", "شركة {name} للأحذية"),
        first=(
            ("Zaytouna", "زيتونة"),
            ("Nasma", "نسمة"),
            ("Rimal", "رمال"),
            ("Hilal", "هلال"),
            ("Sanabel", "سنابل"),
            ("Wadi", "وادي"),
            ("Nakhla", "نخلة"),
        ),
        second=(("Al Khayt", "الخيط"), ("Al Ibra", "الإبرة"), ("Al Alwan", "الألوان"), ("Al Zirr", "الزر")),
        towns=(
            Town("Irbid", 32.556, 35.850),
            Town("Sahab", 31.872, 36.005),
            Town("Ad Dulayl", 32.133, 36.283),
            Town("Zarqa", 32.073, 36.088),
        ),
        streets=(
            "Block {n}, Olive Tree Industrial Estate",
            "Building {n}, Street of the Looms",
            "Unit {n}, Crescent Zone",
        ),
        given=("Rania", "Khaled", "Lina", "Omar"),
        families=("Haddad", "Odeh", "Masri", "Zoubi", "Khoury", "Nasser", "Shami", "Tarawneh", "Majali", "Qasem"),
        person="{given} {family}",
        language="ar",
        dialling="+962 2",
    ),
    Country(
        code="PK",
        name="Pakistan",
        programme="Better Work Pakistan",
        since=2023,
        enrolment="voluntary",
        factories=12,
        burden=1.3,
        weak={PAY: 1.3, CONTRACTS: 1.4, OSH: 1.1},
        company=("{name} Apparel (Pvt.) Ltd.", "{name} Knits (Pvt.) Ltd.", "{name} Footwear (Pvt.) Ltd."),
        local_company=(
            "{name} ملبوسات پرائیویٹ لمیٹڈ",
            "{name} نٹس پرائیویٹ لمیٹڈ",
            "{name} جوتا سازی پرائیویٹ لمیٹڈ",
        ),
        first=(
            ("Patang", "پتنگ"),
            ("Mehtab", "مہتاب"),
            ("Badal", "بادل"),
            ("Gulmohar", "گل مہر"),
            ("Darya", "دریا"),
            ("Anchal", "آنچل"),
        ),
        second=(("Dhaga", "دھاگہ"), ("Sui", "سوئی"), ("Naqsh", "نقش"), ("Karigar", "کاریگر")),
        towns=(
            Town("Lahore", 31.550, 74.344),
            Town("Faisalabad", 31.418, 73.079),
            Town("Karachi", 24.861, 67.010),
            Town("Sialkot", 32.492, 74.531),
        ),
        streets=(
            "Plot {n}, Moonlight Industrial Estate",
            "{n} Kite Makers' Road",
            "Khasra {n}, Cotton Boll Bypass",
        ),
        given=("Ayesha", "Bilal", "Farah", "Imran"),
        families=("Siddiqui", "Ahmed", "Qureshi", "Malik", "Butt", "Chaudhry", "Sheikh", "Mirza", "Rana", "Ansari"),
        person="{given} {family}",
        language="ur",
        dialling="+92 42",
    ),
    Country(
        code="EG",
        name="Egypt",
        programme="Better Work Egypt",
        since=2020,
        enrolment="voluntary",
        factories=10,
        burden=1.2,
        weak={OSH: 1.1, UNION: 1.6},
        company=("{name} Ready-Made Garments S.A.E.", "{name} Textiles S.A.E.", "{name} Shoes S.A.E."),
        local_company=("شركة {name} للملابس الجاهزة", "شركة {name} للمنسوجات", "شركة {name} للأحذية"),
        first=(
            ("Yasmin", "ياسمين"),
            ("Qamar", "قمر"),
            ("Lulua", "لؤلؤة"),
            ("Shira", "شراع"),
            ("Nada", "ندى"),
        ),
        second=(("Al Nasij", "النسيج"), ("Al Nawl", "النول"), ("Al Qutn", "القطن"), ("Al Maqass", "المقص")),
        towns=(
            Town("Port Said", 31.265, 32.302),
            Town("Ismailia", 30.596, 32.271),
            Town("Alexandria", 31.200, 29.919),
        ),
        streets=("Plot {n}, Jasmine Free Zone", "Unit {n}, Sail Street", "Block {n}, Cotton Harbour Area"),
        given=("Mona", "Hany", "Dina", "Tarek"),
        families=("Farouk", "Saad", "Mansour", "Gamal", "Helmy", "Sobhi", "Fathy", "Nabil", "Shafik", "Zaki"),
        person="{given} {family}",
        language="ar",
        dialling="+20 66",
    ),
    Country(
        code="HT",
        name="Haiti",
        programme="Better Work Haiti",
        since=2009,
        enrolment="mandatory",
        factories=8,
        burden=1.3,
        weak={PAY: 1.4, OSH: 1.2},
        company=("{name} Manufacturing S.A.", "{name} Apparel S.A.", "{name} Textile S.A."),
        local_company=("", "", ""),
        first=(("Zetwal", ""), ("Kap Papye", ""), ("Lanmè Ble", ""), ("Flè Mango", "")),
        second=(("Zegwi", ""), ("Fil Swa", ""), ("Bouton", ""), ("Dantèl", "")),
        towns=(
            Town("Port-au-Prince", 18.594, -72.307),
            Town("Ouanaminthe", 19.549, -71.724),
            Town("Caracol", 19.692, -72.018),
        ),
        streets=("Bâtiment {n}, Parc du Cerf-volant", "Lot {n}, Zone des Boutons", "Rue des Étoiles {n}"),
        given=("Marie Jocelyne", "Jean Robert", "Nadège", "Wilner"),
        families=("Pierre", "Louis", "Joseph", "Charles", "Toussaint", "Désir", "Étienne", "Baptiste"),
        person="{given} {family}",
        language="fr",
        dialling="+509 28",
    ),
    Country(
        code="NI",
        name="Nicaragua",
        programme="Better Work Nicaragua",
        since=2011,
        enrolment="voluntary",
        factories=8,
        burden=0.85,
        weak={CONTRACTS: 1.2, OSH: 1.1},
        company=("{name} Textiles, S.A.", "{name} Confecciones, S.A.", "{name} Calzado, S.A."),
        local_company=("", "", ""),
        first=(("Cometa Azul", ""), ("Luna de Maíz", ""), ("Brisa Clara", ""), ("Laguna Serena", "")),
        second=(("Aguja", ""), ("Hilo Fino", ""), ("Botón", ""), ("Telar", "")),
        towns=(
            Town("Managua", 12.114, -86.236),
            Town("Masaya", 11.974, -86.094),
            Town("León", 12.438, -86.878),
        ),
        streets=(
            "Km {n}, Carretera de las Cometas",
            "Módulo {n}, Zona Franca El Telar",
            "Bodega {n}, Parque Luna",
        ),
        given=("María José", "Carlos", "Ana Lucía", "Pedro"),
        families=("Urbina", "Espinoza", "Rivas", "Zelaya", "Mairena", "Téllez", "Obando", "Gutiérrez"),
        person="{given} {family}",
        language="es",
        dialling="+505 22",
    ),
)
