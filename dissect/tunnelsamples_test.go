package dissect

// This file holds the generated packets of the tunnel tests and what tshark says of them.

var tunnelSamples = []tunnelSample{
	{
		"eth:ethertype:ip:udp:l2tp:ppp:data", 1,
		"52e2eaedb2520168a514e0700800453e003a43ed4000f31115030ab6fe440ba819e288b106a500260000000212ae05b6ff033224311d883d" +
			"d1c150205f6674f47d960fd9d087971c",
		"eth.src=01:68:a5:14:e0:70 eth.type=0x0800 ip.src=10.182.254.68 ip.proto=17 udp.port=34993,1701 " +
			"ppp.protocol=0x3224 l2tp.tunnel=4782 l2tp.session=1462",
	},
	{
		"eth:ethertype:ipv6:udp:vxlan:eth:ethertype:pppoed", 1,
		"01e61cd4cbe240434264289086dd600000000028114020010db8caff8b680eecbba35e1f8c3420010db82a1012aa3612e92adb08c0866dea" +
			"12b500280000080000002c5eab0001510fef0bfa00470c2b3a30886311090000000401010000",
		"eth.src=40:43:42:64:28:90,00:47:0c:2b:3a:30 eth.type=0x86dd,0x8863 " +
			"ipv6.src=2001:db8:caff:8b68:eec:bba3:5e1f:8c34 udp.port=28138,4789 pppoe.session_id=0x0000 " +
			"vxlan.vni=2907819",
	},
	{
		"eth:ethertype:ipv6:gre:ppp:ip:udp:data", 1,
		"52e5307089ee00516ebbae7086dd60000000003f2f4020010db8e6225b909f887e8b109a99b520010db894920e6d9e731e55b4395fd73081" +
			"880b002f068229c2ad75f1faa51fff0300214536002b8fb74000c81183180afa61000b4b287796368dc2001700004c24d40b70655ce6a6de" +
			"a28b7e2c7f",
		"eth.src=00:51:6e:bb:ae:70 eth.type=0x86dd ip.src=10.250.97.0 " +
			"ipv6.src=2001:db8:e622:5b90:9f88:7e8b:109a:99b5 ip.proto=17 udp.port=38454,36290 gre.proto=0x880b " +
			"gre.sequence_number=700624245 gre.key.call_id=1666 gre.ack_number=4059735327 ppp.protocol=0x0021",
	},
	{
		"eth:ethertype:ipv6:ipv6.dstopts:mpls:ip:udp:l2tp:ppp:chdlc:ip:esp", 1,
		"60f84d01c1f360230fa844b586dd6000000000573c4020010db800dec8714c4edd093e85ec6b20010db8408f5cb7ac0b5afb66ce667f8900" +
			"010400000000cb55487ab73f4f5445df0047dd4c4000281187790abc71730bda64f806a5653f003300004002002b7764fc128f0008004538" +
			"001f91874000fe3200560a314f330b5085e3285f1ee63e12334207747f",
		"eth.src=60:23:0f:a8:44:b5 eth.type=0x86dd ip.src=10.188.113.115,10.49.79.51 " +
			"ipv6.src=2001:db8:de:c871:4c4e:dd09:3e85:ec6b ip.proto=17,50 udp.port=1701,25919 " +
			"mpls.label=832852,750580 mpls.ttl=122,84 chdlc.protocol=0x0800 l2tp.tunnel=30564 l2tp.session=64530 " +
			"esp.spi=0x285f1ee6",
	},
	{
		"eth:ethertype:mpls:ip:udp:gtp:ip:udp:data", 1,
		"01cdea57e3e001b96610bbc18847739b9bbd456e0044d43240001311e5220a0f5e4a0b5d3a3084e408680030000030ff0020019e50bc452e" +
			"0020599d4000c011865a0aca983e0b6c2c335c1884a9000c000048bbd7b6",
		"eth.src=01:b9:66:10:bb:c1 eth.type=0x8847 ip.src=10.15.94.74,10.202.152.62 ip.proto=17,17 " +
			"udp.port=34020,2152,23576,33961 mpls.label=473529 mpls.ttl=189 gtp.teid=0x019e50bc gtp.message=0xff",
	},
	{
		"eth:ethertype:pppoes:ppp:data", 1,
		"0064032dfb1d013f6be636b388641100d3a90016e621b2548f2a9d07f9926ff6dd03b9fea46d39f17e71",
		"eth.src=01:3f:6b:e6:36:b3 eth.type=0x8864 ppp.protocol=0xe621 pppoe.session_id=0xd3a9",
	},
	{
		"eth:ethertype:mpls:ipv6:data", 1,
		"606fcf99c8f70137ed7ba5b488470a27f0f58d3e1fa960ecf62321d952bafa3eb1610800453500632a452000bf2f70c80a6d409c0bebe935" +
			"000088be40e3292d6ade5223a65801170800468e003d21d740003b0455480abbf6b60be2b7bb0101010046020025c39640008e3269830a15" +
			"b1af0b10f5b501010100b154791562966d4e1d5fb981d9",
		"eth.src=01:37:ed:7b:a5:b4 eth.type=0x8847 ipv6.src=fa3e:b161:800:4535:63:2a45:2000:bf2f " +
			"mpls.label=41599,578529 mpls.ttl=245,169",
	},
	{
		"eth:ethertype:ip:gre:eth:llc:ip:udp:data", 1,
		"40726dba9f08409ba5b4023208004579004b22cd40001b2f091a0a76cd590bc44f91200065584d9dae1002fff173e15e026cacd536320021" +
			"0606034522001e26434000d51147780a14bf840be962707b295c30000a0000f08f",
		"eth.src=40:9b:a5:b4:02:32,02:6c:ac:d5:36:32 eth.type=0x0800 ip.src=10.118.205.89,10.20.191.132 " +
			"ip.proto=47,17 udp.port=31529,23600 gre.proto=0x6558 gre.key=0x4d9dae10 llc.dsap=0x06 " +
			"llc.control=0x0003",
	},
	{
		"eth:ethertype:pppoes:ppp:ip:udp:udpencap:esp", 1,
		"01e6569d9cad0263e16fa4ae886411009b6300292145ee002850a94000b511f2d80afdbd860b06adcb119462b6001400002a21a7ed95fdcb" +
			"3032d8bd53",
		"eth.src=02:63:e1:6f:a4:ae eth.type=0x8864 ip.src=10.253.189.134 ip.proto=17 udp.port=4500,25270 " +
			"ppp.protocol=0x0021 pppoe.session_id=0x9b63 esp.spi=0x2a21a7ed",
	},
	{
		"eth:ethertype:ipv6:gre:data", 1,
		"407654f6d56700c505620be786dd6000000000162f4020010db82ac83eb36f31055e0e59672120010db8f9143b1545b414786d592bbda000" +
			"8863a1040000ddbe364111090000000401010000",
		"eth.src=00:c5:05:62:0b:e7 eth.type=0x86dd ipv6.src=2001:db8:2ac8:3eb3:6f31:55e:e59:6721 " +
			"gre.proto=0x8863 gre.key=0xddbe3641",
	},
	{
		"eth:ethertype:vlan:ethertype:ipv6:ipv6.dstopts:udp:gtp:ip:udp:data", 1,
		"02fd8afab2625221d05c352e81003a2086dd60000000003f3c4020010db8b55b60d0f03a8e214c5c46d220010db8478a5d59240e3cd8f9c3" +
			"a2b3110001040000000078e608680037000030ff002732e1b36545a900275ed640003a1111850a4e1d2b0be29c679841878500130000e433" +
			"76ef04b9276a59f76b",
		"eth.src=52:21:d0:5c:35:2e eth.type=0x8100 vlan.id=2592 ip.src=10.78.29.43 " +
			"ipv6.src=2001:db8:b55b:60d0:f03a:8e21:4c5c:46d2 ip.proto=17 udp.port=30950,2152,38977,34693 " +
			"gtp.teid=0x32e1b365 gtp.message=0xff",
	},
	{
		"eth:ethertype:vlan:ethertype:pppoed", 1,
		"02fb8f584def02bbaad6fb9a81009177886311090000000401010000",
		"eth.src=02:bb:aa:d6:fb:9a eth.type=0x8100 vlan.id=375 pppoe.session_id=0x0000",
	},
	{
		"eth:ethertype:ip:ah:icmp:data", 1,
		"52c99198fa6900ff704da26c080045c0003c2df340002433ff650afac0bc0bd550eb0104000085ac3f1e1b80588713223906610fd101f0d5" +
			"2c02080000009d6542dfbe899fc78d45c9e2",
		"eth.src=00:ff:70:4d:a2:6c eth.type=0x0800 ip.src=10.250.192.188 ip.proto=51 icmp.type=8 " +
			"ah.spi=0x85ac3f1e",
	},
	{
		"eth:ethertype:ip:ah:udp:vxlan:eth:ethertype:pppoed", 1,
		"40d14c57436652ab95d31e4c080045c800543e8d4000053339e20acd01520bf7e42a11040000a12717449ba1ebfc4172e6c0f2e7b1ba177a" +
			"ed536b4312b50028000008000000089a10006068f7e51fce527c3929f48a886311090000000401010000",
		"eth.src=52:ab:95:d3:1e:4c,52:7c:39:29:f4:8a eth.type=0x0800,0x8863 ip.src=10.205.1.82 ip.proto=51 " +
			"udp.port=27459,4789 pppoe.session_id=0x0000 vxlan.vni=563728 ah.spi=0xa1271744",
	},
	{
		"eth:ethertype:ip:udp:udpencap:esp", 1,
		"007673f629f452a812ddda8f080045f40042bebb400080110a640a1d8ba90be28eef11946645002e0000c84e03002d6a6535e910fe70aef2" +
			"ffa50911745ba84dcd6008d3462180bb3362ae103d994ff0",
		"eth.src=52:a8:12:dd:da:8f eth.type=0x0800 ip.src=10.29.139.169 ip.proto=17 udp.port=4500,26181 " +
			"esp.spi=0xc84e0300",
	},
	{
		"eth:ethertype:ip:udp:l2tp:ppp:chdlc:ip:gre:ip:tcp:data", 1,
		"00f26af5a4625292b019ce2f080045c000800223400089110c9e0ac096640b5635725a1f06a5006c00004802006493b195fa9f98b7b80f00" +
			"080045ba0054d30c4000902f96030ae09cd90bbdcd3a20000800b55e2d90454b00386ea540004f067f350ad3d5dd0b3f51ab962d87e96287" +
			"b3c90f6e15fd5010cd9c0000000067916bce1c2082778c6bc39424f78c19",
		"eth.src=52:92:b0:19:ce:2f eth.type=0x0800 ip.src=10.192.150.100,10.224.156.217,10.211.213.221 " +
			"ip.proto=17,47,6 udp.port=23071,1701 tcp.port=38445,34793 gre.proto=0x0800 gre.key=0xb55e2d90 " +
			"chdlc.protocol=0x0800 l2tp.tunnel=37809 l2tp.session=38394 l2tp.Ns=40856",
	},
	{
		"eth:ethertype:ip:udp:teredo:ipv6:tcp:data", 1,
		"02cc1e212e4752a87d917d19080045c40059a2884000c311183a0a32885b0b785e080dd879e700450000600000000015064020010db87501" +
			"562b51492aea68ffbe4220010db87fad10ff953d1d0bfe34c6117b1f937f3e42157b3f7484c65010304600000000e1",
		"eth.src=52:a8:7d:91:7d:19 eth.type=0x0800 ip.src=10.50.136.91 " +
			"ipv6.src=2001:db8:7501:562b:5149:2aea:68ff:be42 ip.proto=17 udp.port=3544,31207 tcp.port=31519,37759",
	},
	{
		"eth:llc:ipv6:udp:teredo:ipv6:esp", 1,
		"0032be7a02004074d5ade67c0081aaaa0300000086dd600000000051114020010db825c6fbc659df145e44f7701d20010db8e3cec1cc7efc" +
			"711699ebc59f0dd8868200510000000103004d5322417a54360f4bf1980000007470181cde10600000000009324020010db8cbc920f5d3e7" +
			"6c39e54f0d2a20010db8d27067e83a9b1be6668c2b6280aa6747084399e1a8",
		"eth.src=40:74:d5:ad:e6:7c " +
			"ipv6.src=2001:db8:25c6:fbc6:59df:145e:44f7:701d,2001:db8:cbc9:20f5:d3e7:6c39:e54f:d2a " +
			"udp.port=3544,34434 teredo.orig.port=35727 esp.spi=0x80aa6747 llc.dsap=0xaa llc.oui=0 " +
			"llc.type=0x86dd llc.control=0x0003",
	},
	{
		"eth:ethertype:ip:udp:geneve:ip:tcp:data", 1,
		"02a5f59c079e404e143aff31080045de005cf4ea4000dd1143f80a87a8580bbba535698e17c10048000000000800a9a0f60045a6003852be" +
			"4000f006aa2f0ab53fc80bc936e692e6812c66f2769782be54ef50103d0f00000000484c70163f7788da7eda77103b8a351d",
		"eth.src=40:4e:14:3a:ff:31 eth.type=0x0800 ip.src=10.135.168.88,10.181.63.200 ip.proto=17,6 " +
			"udp.port=27022,6081 tcp.port=37606,33068 geneve.vni=0xa9a0f6 geneve.proto_type=0x0800",
	},
	{
		"eth:ethertype:ip:udp:geneve:eth:ethertype:ipv6:gre:data", 1,
		"01e8d0c29b1400b97b8a31bc080045b9006c784340008611b7520a01599c0b26556f17c1703200580000008065585db951000036c0fdef11" +
			"40c126ddd7e786dd6000000000122f4020010db852531e74680583586f61de9220010db8cb25cdb35f188db675667e3a20008863d57f86ed" +
			"11090000000401010000",
		"eth.src=00:b9:7b:8a:31:bc,40:c1:26:dd:d7:e7 eth.type=0x0800,0x86dd ip.src=10.1.89.156 " +
			"ipv6.src=2001:db8:5253:1e74:6805:8358:6f61:de92 ip.proto=17 udp.port=6081,28722 gre.proto=0x8863 " +
			"gre.key=0xd57f86ed geneve.vni=0x5db951 geneve.proto_type=0x6558",
	},
	{
		"eth:llc:ip:esp", 1,
		"00769edf4340600d9346648b002506060345a30022d329400083325a850a1eb1f20b5e01ead7e25116344158be85782dd51fe7",
		"eth.src=60:0d:93:46:64:8b ip.src=10.30.177.242 ip.proto=50 esp.spi=0xd7e25116 llc.dsap=0x06 " +
			"llc.control=0x0003",
	},
	{
		"eth:ethertype:ip:ip:gre:erspan:eth:ethertype:pppoed", 1,
		"0178063f2e9a60f64bae0008080045840048fcbc4000f704bea20adf0a2e0b74a74d455c00347d0b4000d02f4a720a4d5f0f0b1c6e498000" +
			"88bed6ad00004015d619317d00d3797bb0d6886311090000000401010000",
		"eth.src=60:f6:4b:ae:00:08,00:d3:79:7b:b0:d6 eth.type=0x0800,0x8863 ip.src=10.223.10.46,10.77.95.15 " +
			"ip.proto=4,47 gre.proto=0x88be pppoe.session_id=0x0000",
	},
	{
		"eth:llc:ip:ipv6:gre:erspan:eth:ethertype:ip:udp:data", 1,
		"023c3be4c70b60cd82602bf2008606060345a90083f07640000c2993a30acedc400beaf6966000000000472f4020010db8cfc3d6e5f0fe4f" +
			"8e04ac5b1a20010db81e75e83e8fa1d8f1c3349a9d300088bea6b4ecbf855624ff10b3e418a9fc480952248a29420c0262b198fa98080045" +
			"fc0025bc6b4000f4116e230aee02d00b19426676f17c960011000076f7a82d427cddd399",
		"eth.src=60:cd:82:60:2b:f2,02:62:b1:98:fa:98 eth.type=0x0800 ip.src=10.206.220.64,10.238.2.208 " +
			"ipv6.src=2001:db8:cfc3:d6e5:f0fe:4f8e:4ac:5b1a ip.proto=41,17 udp.port=30449,31894 gre.proto=0x88be " +
			"gre.key=0xa6b4ecbf gre.sequence_number=2237015295 erspan.vlan=179 erspan.spanid=24 llc.dsap=0x06 " +
			"llc.control=0x0003",
	},
	{
		"wlan:llc:ip:icmp:data", 105,
		"8803e0aa0b6a665862c32ef87919d0991f7af85e953b70428fef5b57789b1ef6aaaa03000000080045cc0024a0c940007401a5310a9ae9c2" +
			"0b5cc059080000000b36652ef9be4ce148de218f",
		"ip.src=10.154.233.194 ip.proto=1 icmp.type=8 llc.dsap=0xaa llc.oui=0 llc.type=0x0800 " +
			"llc.control=0x0003 wlan.ra=0b:6a:66:58:62:c3 wlan.ta=2e:f8:79:19:d0:99 wlan.sa=8f:ef:5b:57:78:9b " +
			"wlan.seq=1063 wlan.duration=10976 wlan.fc.type_subtype=0x0028",
	},
	{
		"wlan", 105,
		"4802939193334af35cb8a0b56c55042d76bd4847e523c565",
		"wlan.ra=93:33:4a:f3:5c:b8 wlan.ta=a0:b5:6c:55:04:2d wlan.sa=76:bd:48:47:e5:23 wlan.seq=1628 " +
			"wlan.duration=4499 wlan.fc.type_subtype=0x0024",
	},
	{
		"wlan", 105,
		"80001531494aac65ec9662710e6f7e2c1b9dd007e340489e4e6702dfb6593c3d25fd156400026162",
		"wlan.ra=49:4a:ac:65:ec:96 wlan.ta=62:71:0e:6f:7e:2c wlan.sa=62:71:0e:6f:7e:2c wlan.seq=2532 " +
			"wlan.duration=12565 wlan.fc.type_subtype=0x0008",
	},
	{
		"radiotap:wlan_radio:wlan:llc:vlan:ethertype:ip:icmp:data", 127,
		"0000090002000000400801c32ef87919d0991f7af85e953b74428fef5b577890c9aaaa030000008100590a080045cc00248fa04000740168" +
			"2a0ad49ae90bc55cc008000000022fd4c8f931be4ce148de21",
		"vlan.id=2314 ip.src=10.212.154.233 ip.proto=1 icmp.type=8 llc.dsap=0xaa llc.oui=0 llc.type=0x8100 " +
			"llc.control=0x0003 wlan.ra=f8:79:19:d0:99:1f wlan.ta=7a:f8:5e:95:3b:74 wlan.sa=7a:f8:5e:95:3b:74 " +
			"wlan.seq=3225 wlan.duration=11971 wlan.fc.type_subtype=0x0020",
	},
	{
		"radiotap:wlan_radio:wlan", 127,
		"00000800000000008000cb08a7205f6674f47d960fd9d087971c43a3a0d2a41a6581a337723ed13e04d9f8e100026162",
		"wlan.ra=a7:20:5f:66:74:f4 wlan.ta=7d:96:0f:d9:d0:87 wlan.sa=7d:96:0f:d9:d0:87 wlan.seq=426 " +
			"wlan.duration=2251 wlan.fc.type_subtype=0x0008",
	},
}
