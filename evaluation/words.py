"""What is written on the pictures. Everything is made up. The two splits share no words of these lists."""

from random import Random

_LISTS = {
    "first": """Amara Jonas Ingrid Tomasz Lucia Henrik Priya Oskar Fatima Colm Yasmin Viktor Elena Marcus Noor Pavel
        Greta Samuel Aiko Bruno""",
    "last": """Okafor Lindqvist Solheim Nowak Romero Brandt Anand Virtanen Rahman Doyle Haddad Petrov Moretti Weber
        Khan Dvorak Jensen Adeyemi Tanaka Ferrari""",
    "street": """Mill_Lane Harbour_Street Elm_Grove Station_Road Castle_Hill Orchard_Way Bridge_Street Quarry_Road
        Chapel_Row Market_Square Willow_Close Priory_Gardens Foundry_Lane Abbey_Walk Kiln_Street Ferry_Road""",
    "town": """Ardenholm Kelby Stonehaven Eastry Hexham Saltby Brackwater Fenwick Merrow Thornley Wexcombe Dunmere
        Larkfield Oxley Penrose Harwick""",
    "place": """River_Tarn Kestrel_Bay Oakwood_Forest Pell_Hill Mill_Pond Tarn_Head Black_Moor Stag's_Leap
        Hollow_Dale Crow_Wood Silver_Lake Windy_Gap Heron_Marsh Fox_Hill Long_Meadow Gull_Rock Pine_Ridge
        Abbey_Ruins North_Beach Otter_Creek""",
    "company": """Harland_Joinery Delta_Pumps Fjord_Laboratories Northgate_Supplies Calder_&_Sons Meridian_Optics
        Brightwater_Ltd Hollis_Engineering Quayside_Hardware Tern_Logistics Aldgate_Printing Vale_Instruments""",
    "goods": """Garden_hose Paint_brush Wood_screws Work_gloves Spirit_level Sanding_block Wall_plugs Masking_tape
        Copper_pipe Drill_bit_set Cable_ties Pipe_wrench Step_ladder Door_hinge Safety_goggles Roof_felt Lamp_holder
        Hand_saw Tool_belt Floor_varnish""",
    "food": """Oat_milk_1_L Rye_bread Red_apples Olive_oil Green_tea Brown_eggs_x6 Tomato_soup Blue_cheese Honey_jar
        Ground_coffee Pasta_500_g Plain_yoghurt Orange_juice Dark_chocolate Corn_flakes Sparkling_water""",
    "shop": """GREEN_CORNER_MARKET Hilltop_Stores Mill_Road_Deli Station_Kiosk Harvest_&_Co Old_Dairy_Shop
        Riverside_Foods Penny's_Bakery""",
    "room": """Kitchen Living_room Bedroom_1 Bathroom Hall Study Utility Dining_room Bedroom_2 Office Terrace Pantry
        Lounge Storage Landing Laundry Bedroom_3 Garage Balcony Library""",
    "legend": """Footpath Main_road Railway Woodland Marsh Campsite Castle Ferry_route Bus_route Cycle_track Car_park
        Viewpoint Motorway Orchard Lighthouse Quarry Stream Bridleway Picnic_site Golf_course""",
    "utility": """Proposed_storm_drain Existing_water_main Gas_line Property_line Edge_of_pavement Silt_fence
        Fire_hydrant Sanitary_sewer Overhead_electric Contour_line Curb_and_gutter Manhole Utility_pole Retaining_wall
        Tree_to_remain Detention_basin""",
    "menu": """Dashboard Orders Customers Reports Settings Inventory Invoices Deliveries Suppliers Messages Calendar
        Analytics Team Billing Integrations Audit_log""",
    "column": """Order Customer City Status Amount Carrier Invoice Supplier Region State Total Owner""",
    "status": """Open Shipped Returned Paused Active Healthy Degraded Stopped""",
    "action": """New_order Export_list Add_item Save_changes Create_report Upload_files Share_link Add_customer""",
    "heading": """Open_orders Delivery_overview Monthly_usage_report Stock_levels Customer_accounts Orders_this_week
        Service_health Team_activity""",
    "option": """Automatic_updates Dark_theme Weekly_summary Two-factor_sign-in Sound_effects Show_hidden_files
        Location_history Background_sync Large_text Keyboard_shortcuts Spell_checking Auto-save""",
    "series": """Bergen Oslo Leeds Porto Graz Ghent Turin Lyon""",
    "month": """Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec""",
    "chart": """Monthly_rainfall Members_by_region Tonnes_landed_per_port Hours_of_sunshine Visitors_per_day
        Energy_use_by_floor Sales_by_channel Average_waiting_time""",
    "region": """North South East West Centre Coast Valley Islands""",
    "box": """Web_shop Order_service Payment_gateway Message_queue Warehouse_system Mobile_app Load_balancer
        Search_index Data_store Mail_server Identity_provider Report_generator Cache_layer Event_stream""",
    "slide": """Where_we_stand Plans_for_the_spring Lessons_from_the_pilot What_customers_ask_for Budget_at_a_glance
        Next_steps""",
    "noun": """harbour survey bridge council garden report station library valley engine market winter journey
        committee orchard ferry letter window workshop meadow""",
    "verb": """reached described repaired visited measured opened followed improved reported finished noticed crossed
        prepared delivered painted studied""",
    "adjective": """quiet narrow early careful northern wooden recent steady open distant bright heavy common simple
        gentle upper""",
}

POOLS = {name: [word.replace("_", " ") for word in words.split()] for name, words in _LISTS.items()}
SHARED = {"month"}


class Words:
    """The words of one split: every other word of each list."""

    def __init__(self, split: str, rng: Random) -> None:
        self._first = 0 if split == "tuning" else 1
        self._rng = rng

    def all(self, name: str) -> list[str]:
        return POOLS[name] if name in SHARED else POOLS[name][self._first :: 2]

    def one(self, name: str) -> str:
        return self._rng.choice(self.all(name))

    def some(self, name: str, number: int) -> list[str]:
        """Different words; fewer where the list has fewer."""
        words = self.all(name)
        return self._rng.sample(words, min(number, len(words)))

    def person(self) -> str:
        return f"{self.one('first')} {self.one('last')}"

    def number(self, digits: int) -> str:
        return str(self._rng.randrange(10 ** (digits - 1), 10**digits))

    def price(self, most: int = 400) -> str:
        return f"{self._rng.randrange(1, most):,}.{self._rng.randrange(100):02d}"

    def date(self) -> str:
        day, month, year = self._rng.randrange(1, 29), self._rng.randrange(1, 13), self._rng.randrange(2019, 2027)
        style = self._rng.randrange(4)
        if style == 0:
            return f"{year}-{month:02d}-{day:02d}"
        if style == 1:
            return f"{day:02d}.{month:02d}.{year}"
        if style == 2:
            return f"{day:02d}/{month:02d}/{year}"
        return f"{day} {POOLS['month'][month - 1]} {year}"

    def mail(self, first: str, last: str) -> str:
        return f"{first[0].lower()}.{last.lower()}@{self.one('last').lower()}.example"

    def phone(self) -> str:
        return f"+{self._rng.randrange(30, 50)} {self.number(2)} {self.number(3)} {self.number(4)}"

    def sentence(self) -> str:
        a, b = self.some("noun", 2)
        forms = (
            f"The {self.one('adjective')} {a} {self.one('verb')} the {b} of {self.one('town')}.",
            f"In {self.one('town')} the {a} {self.one('verb')} a {self.one('adjective')} {b}.",
            f"{self.person()} {self.one('verb')} the {self.one('adjective')} {a} near the {b}.",
            f"After {self._rng.randrange(3, 90)} days the {a} {self.one('verb')} every {self.one('adjective')} {b}.",
        )
        return self._rng.choice(forms)

    def prose(self, sentences: int) -> str:
        return " ".join(self.sentence() for _ in range(sentences))
